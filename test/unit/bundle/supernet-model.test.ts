import { supernetModel } from '@easel/exporter/bundle';
import { decodeWeights } from '@easel/sdk/bundle';
import { BundleError, WeightError } from '@easel/sdk/errors';
import { decodeModel, fromFloat16, toFloat16 } from '@easel/sdk/onnx';
import { Random } from '@easel/sdk/random';
import { largestArchitecture, presetSpace } from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { runModel } from '../../fixtures/run-model.js';

const classes = [0, 1, 2, 3, 4];

describe('supernetModel', () => {
  for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
    const random = new Random(2);
    const supernet = randomSupernet(space, classes.length, random);
    const bytes = supernetModel(supernet, classes.length);

    it(`runs in ONNX Runtime and equals the largest subnet assembled from it: ${space.name}`, async () => {
      const architecture = largestArchitecture(space);
      const weights = decodeWeights('supernet.onnx', bytes, space, classes.length);
      const image = randomImages(3, architecture.resolution, random);
      const { logits: whole } = await runModel(bytes, { image });
      const assembled = assemble({ ...supernet, weights }, architecture, classes, { batch: 'batch' });
      const { logits: subnet } = await runModel(assembled, { image });
      expect(whole?.shape).to.deep.equal([3, 5]);
      (whole as Tensor).data.forEach((value, i) => {
        expect(value).to.be.closeTo((subnet as Tensor).data[i] as number, 1e-4);
      });
    });

    it(`holds every weight, matrices and kernels rounded to float16, vectors as they are: ${space.name}`, () => {
      const weights = decodeWeights('supernet.onnx', bytes, space, classes.length);
      expect([...weights.keys()]).to.deep.equal([...supernet.weights.keys()]);
      for (const [name, { shape, data }] of supernet.weights) {
        const expected = shape.length === 1 ? data : fromFloat16(toFloat16(data));
        expect(weights.get(name), name).to.deep.equal(tensor(shape, expected));
      }
    });
  }

  const space = presetSpace('tiny-32');
  const supernet = randomSupernet(space, 5, new Random(3));

  it('keeps batch norm apart, so that other tools find the weights untouched', () => {
    const { graph } = decodeModel(supernetModel(supernet, 5));
    const count = (type: string) => graph.nodes.filter(({ opType }) => opType === type).length;
    expect(count('BatchNormalization')).to.equal(count('Conv')).and.to.equal(20);
  });

  it('refuses weights that float16 cannot hold', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -70000]) {
      const bias = tensor([5], Float32Array.of(0, 0, value, 0, 0));
      const weights = new Map(supernet.weights).set('classifier.bias', bias);
      expect(() => supernetModel({ ...supernet, weights }, 5)).to.throw(WeightError, `classifier.bias: holds ${value}`);
    }
  });

  it('refuses weights of another shape', () => {
    expect(() => supernetModel(supernet, 6)).to.throw(WeightError, /classifier\.weight: shape \[5, 128\].*\[6, 128\]/);
  });

  it('is not read as the weights of another space or number of classes', () => {
    const bytes = supernetModel(supernet, 5);
    expect(() => decodeWeights('supernet.onnx', bytes, space, 6)).to.throw(
      BundleError,
      /classifier\.weight is \[5, 128\]/,
    );
    expect(() => decodeWeights('supernet.onnx', bytes, presetSpace('mobile-32'), 5)).to.throw(
      BundleError,
      /supernet\.onnx: (has no weight|weight .* is)/,
    );
  });
});
