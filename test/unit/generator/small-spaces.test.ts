import type { Dataset, Split } from '@easel/exporter/data';
import { type TrainedGenerator, trainGenerator } from '@easel/exporter/generator';
import { FeatureEncoder } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  decisionsOf,
  encodeArchitecture,
  macsTable,
  parseSearchSpace,
  type SearchSpace,
  spaceSize,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomSupernet } from '#fixtures/random-supernet';
import { plainSpace } from '#fixtures/tiny-spaces';

const classes = ['a', 'b', 'c', 'd'];
const imageBytes = 16 * 16 * 3;
const random = new Random(1);
const pixels = Uint8Array.from({ length: 40 * imageBytes }, () => random.integer(256));
const split: Split = {
  size: 40,
  labels: Int32Array.from({ length: 40 }, (_, i) => i % 4),
  read(indices, target) {
    for (let i = 0; i < indices.length; i++) {
      const start = (indices[i] as number) * imageBytes;
      target.set(pixels.subarray(start, start + imageBytes), i * imageBytes);
    }
  },
};
const dataset: Dataset = {
  ...{ name: 'noise', classes, tasks: { all: classes, ab: ['a', 'b'] }, resolution: 16, horizontalFlip: true },
  ...{ train: split, validation: split, test: split },
};

function spaceOf(kernels: readonly number[]): SearchSpace {
  const shape = { channels: 8, stride: 2, activation: 'relu', squeezeExcite: false } as const;
  const unit = { ...shape, depths: [1], kernels: [...kernels], expandRatios: [2] };
  return parseSearchSpace({ ...plainSpace, name: 'small', units: [unit] });
}

async function train(space: SearchSpace): Promise<TrainedGenerator> {
  const encoder = new FeatureEncoder(space, classes.length);
  return trainGenerator({
    ...{ dataset, ...randomSupernet(space, classes.length, new Random(2)), threads: 1 },
    normalization: { mean: [120, 120, 120], std: [60, 60, 60] },
    devices: [macsTable(space, classes.length)],
    featuresOf: ({ classes, latency, latencyMs }) => encoder.encode(classes, [{ table: latency, most: latencyMs }]),
    options: {
      ...{ subnets: 8, classSets: 11, budgets: 4, requests: 32, hidden: 4 },
      fit: { epochs: 1, batch: 32, learningRate: 1e-3, weightDecay: 1e-2, seed: 0 },
    },
  });
}

const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : typeof value === 'object' && value
      ? Object.values(value).flatMap(numbersIn)
      : [];

describe('generator of a space with hardly any architectures', function () {
  this.timeout(60_000);

  for (const kernels of [[3], [3, 5], [3, 5, 7]]) {
    it(`of ${kernels.length}: all that is learned and reported are numbers`, async () => {
      const space = spaceOf(kernels);
      expect(spaceSize(space)).to.equal(kernels.length);
      const { weights, conditioning, predictorQuality, predictor, table } = await train(space);
      expect(predictorQuality.subnets, 'none can be left out').to.equal(0);
      const learned = Object.values(weights).flatMap(({ data }) => [...data]);
      const found = [...learned, ...numbersIn({ conditioning, predictorQuality })];
      expect(found.filter((value) => !Number.isFinite(value))).to.deep.equal([]);

      const session = await InferenceSession.create(predictor);
      const choice = encodeArchitecture(decisionsOf(space), table.architectures[0] as (typeof table.architectures)[0]);
      const { accuracy, deviation } = await session.run({
        classes: new Tensor('float32', Float32Array.of(1, 1, 0, 0), [1, 4]),
        architecture: new Tensor('float32', choice, [1, choice.length]),
      });
      expect(Number(accuracy?.data[0])).to.be.within(0, 1);
      expect(Number(deviation?.data[0])).to.be.within(0, 1);
      await session.release();
    });
  }
});
