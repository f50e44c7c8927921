import { initializeWeights, supernetShapes } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import { presetSpace, presets } from '@easel/sdk/space';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const classes = 10;

describe('initializeWeights', () => {
  for (const space of presets) {
    it(`gives every weight of ${space.name} in its full shape`, () => {
      const weights = initializeWeights(space, classes, new Random(1));
      const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
      expect(shapes).to.deep.equal(supernetShapes(space, classes));
    });
  }

  const weights = initializeWeights(presetSpace('mobile-32'), classes, new Random(1));
  const data = (name: string) => (weights.get(name) as Tensor).data;
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

  it('draws convolutions with the deviation that keeps the size of activations', () => {
    // [112 * 4, 112, 1, 1] and [48 * 4, 1, 5, 5]: fan-in 112 and 25.
    expect(deviation(data('units.3.blocks.1.expand.weight'))).to.be.closeTo(Math.sqrt(2 / 112), 0.002);
    expect(deviation(data('units.1.blocks.1.depthwise.weight'))).to.be.closeTo(Math.sqrt(2 / 25), 0.02);
  });

  it('lets every block with a shortcut start as the identity, and only those', () => {
    expect(new Set(data('units.1.blocks.1.project.norm.scale'))).to.deep.equal(new Set([0]));
    expect(new Set(data('units.1.blocks.0.project.norm.scale'))).to.deep.equal(new Set([1]));
    expect(new Set(data('units.1.blocks.1.depthwise.norm.scale'))).to.deep.equal(new Set([1]));
    expect(new Set(data('units.1.blocks.1.project.norm.shift'))).to.deep.equal(new Set([0]));
    expect(new Set(data('classifier.bias'))).to.deep.equal(new Set([0]));
  });

  it('depends on the seed alone', () => {
    const draw = (seed: number) => initializeWeights(presetSpace('tiny-32'), classes, new Random(seed));
    expect(draw(3)).to.deep.equal(draw(3));
    expect(draw(3)).not.to.deep.equal(draw(4));
  });
});
