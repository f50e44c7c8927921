import { SearchSpaceError, WeightError } from '@easel/sdk/errors';
import { decodeModel } from '@easel/sdk/onnx';
import { Random } from '@easel/sdk/random';
import {
  formatArchitecture,
  largestArchitecture,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { referenceLogits } from '../../fixtures/reference-network.js';
import { runModel } from '../../fixtures/run-model.js';

function largestDifference(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).to.deep.equal(expected.shape);
  return Math.max(...actual.data.map((value, i) => Math.abs(value - (expected.data[i] as number))));
}

describe('assemble', () => {
  for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
    const random = new Random(11);
    const supernet = randomSupernet(space, 7, random);
    const architectures = [
      smallestArchitecture(space),
      largestArchitecture(space),
      ...Array.from({ length: 5 }, () => randomArchitecture(space, random)),
    ];
    for (const architecture of architectures) {
      it(`equals a plain computation with unfused batch norm: ${space.name} ${formatArchitecture(architecture)}`, async () => {
        const classes = random.shuffle([0, 1, 2, 3, 4, 5, 6]).slice(0, 2 + random.integer(6));
        const images = randomImages(2, architecture.resolution, random);
        const model = assemble(supernet, architecture, classes, { batch: 'batch' });
        const { logits } = await runModel(model, { image: images });
        const expected = await referenceLogits(supernet, architecture, classes, images);
        expect(Math.max(...expected.data.map(Math.abs))).to.be.greaterThan(0.1);
        expect(largestDifference(logits as Tensor, expected)).to.be.lessThan(1e-4);
      });
    }
  }

  const space = presetSpace('tiny-32');
  const supernet = randomSupernet(space, 5, new Random(1));

  it('spells out every attribute of every convolution', () => {
    const model = assemble(supernet, largestArchitecture(space), [0, 1]);
    const convolutions = decodeModel(model).graph.nodes.filter(({ opType }) => opType === 'Conv');
    expect(convolutions).to.have.length(20);
    for (const { attributes } of convolutions) {
      expect(attributes).to.have.all.keys('kernel_shape', 'strides', 'pads', 'dilations', 'group');
    }
  });

  it('says in the model which architecture it is', () => {
    const architecture = smallestArchitecture(space);
    const model = decodeModel(assemble(supernet, architecture, [0, 1], { metadata: { made: 'here' } }));
    expect(model.metadata).to.deep.equal({
      'easel.space': 'tiny-32',
      'easel.architecture': formatArchitecture(architecture),
      made: 'here',
    });
  });

  it('refuses an architecture of another space', () => {
    const stranger = largestArchitecture(presetSpace('mobile-32'));
    expect(() => assemble(supernet, stranger, [0, 1])).to.throw(SearchSpaceError, /units|depth|expand ratio/);
  });

  it('names the weight that is missing', () => {
    const weights = new Map(supernet.weights);
    weights.delete('head.norm.scale');
    expect(() => assemble({ ...supernet, weights }, smallestArchitecture(space), [0, 1]))
      .to.throw(WeightError, /^head\.norm\.scale: missing/)
      .with.property('weight', 'head.norm.scale');
  });

  it('names the statistics that are missing', () => {
    const statistics = new Map(supernet.statistics);
    statistics.set('units.0.blocks.0.project', new Map());
    expect(() => assemble({ ...supernet, statistics }, smallestArchitecture(space), [0, 1])).to.throw(
      WeightError,
      /units\.0\.blocks\.0\.project \(batch-norm statistics k3e2\): missing/,
    );
  });

  it('refuses a class that the classifier does not have', () => {
    expect(() => assemble(supernet, smallestArchitecture(space), [0, 5])).to.throw(WeightError, /no row.* 5; it has 5/);
  });
});
