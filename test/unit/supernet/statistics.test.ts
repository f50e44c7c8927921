import { onnxEngine, portable } from '@easel/exporter/engine';
import {
  collectStatistics,
  statisticsInput,
  statisticsInputs,
  statisticsKeys,
  visitingPlan,
} from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import { layersOf, presets, randomArchitecture } from '@easel/sdk/space';
import { normalizationsOf } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

const spaces = [...presets, plainSpace, tinyMobileNetV3];

const engine = onnxEngine({ lowering: portable, threads: 1 });

describe('statisticsKeys', () => {
  for (const space of spaces) {
    it(`of ${space.name} are those that the SDK expects, and those of any architecture`, () => {
      const keys = statisticsKeys(space);
      expect(keys).to.have.members(normalizationsOf(space).map(({ layer, key }) => `${layer}/${key}`));
      const known = new Set(keys);
      const random = new Random(8);
      const needed = Array.from({ length: 50 }, () => randomArchitecture(space, random)).flatMap((architecture) =>
        layersOf(space, architecture, 2).flatMap((layer) =>
          layer.kind === 'convolution' ? [`${layer.name}/${layer.statisticsKey}`] : [],
        ),
      );
      expect(needed.filter((key) => !known.has(key))).to.deep.equal([]);
    });
  }
});

describe('visitingPlan', () => {
  for (const space of spaces) {
    it(`visits every block choice of ${space.name} often enough`, () => {
      const leastVisits = 2;
      const plan = visitingPlan(space, { count: 3, extremes: 2, leastVisits }, new Random(4));
      const counts = new Map(statisticsKeys(space).map((key) => [key, 0]));
      for (const { architecture, visits } of plan) {
        for (const layer of layersOf(space, architecture, 2)) {
          if (layer.kind !== 'convolution') continue;
          const key = `${layer.name}/${layer.statisticsKey}`;
          counts.set(key, (counts.get(key) ?? 0) + visits);
        }
      }
      expect(Math.min(...counts.values())).to.be.at.least(leastVisits);
    });
  }
});

describe('collectStatistics', () => {
  const classes = 4;
  const batch = 3;

  it('of one image in one batch are its own moments, whatever the number of visits', async () => {
    const { weights } = randomSupernet(plainSpace, classes, new Random(2));
    const architecture = randomArchitecture(plainSpace, new Random(2));
    const images = randomImages(batch, 16, new Random(3));
    const options = { space: plainSpace, classes, batch, engine, images: () => images };
    const once = await collectStatistics(weights, [{ architecture, visits: 1 }], options);
    const thrice = await collectStatistics(weights, [{ architecture, visits: 3 }], options);
    // The stem's moments by definition: its convolution, then mean and mean square over batch and positions.
    const expected = stemMoments(images, weights.get('stem.weight') as Tensor);
    for (const statistics of [once, thrice]) {
      const moments = statistics.get('stem')?.get('any') as { mean: Tensor; variance: Tensor };
      expected.forEach(({ mean, variance }, channel) => {
        expect(moments.mean.data[channel]).to.be.closeTo(mean, 1e-5);
        expect(moments.variance.data[channel]).to.be.closeTo(variance, 1e-4 * variance);
      });
    }
  });

  it('pool the batches: the variance of their means counts too', async () => {
    const { weights } = randomSupernet(plainSpace, classes, new Random(2));
    const architecture = randomArchitecture(plainSpace, new Random(2));
    const random = new Random(5);
    const batches = [0, 1].map((i) => {
      const images = randomImages(batch, 16, random);
      return { ...images, data: images.data.map((value) => value + 2 * i) };
    });
    let next = 0;
    const seen: number[] = [];
    const statistics = await collectStatistics(weights, [{ architecture, visits: 2 }], {
      space: plainSpace,
      classes,
      batch,
      engine,
      images: () => batches[next++] as Tensor,
      onVisit: (done, total) => seen.push(done / total),
    });
    expect(seen).to.deep.equal([0.5, 1]);
    const both = batches.map((images) => stemMoments(images, weights.get('stem.weight') as Tensor));
    const moments = statistics.get('stem')?.get('any') as { mean: Tensor; variance: Tensor };
    moments.mean.data.forEach((mean, channel) => {
      const [a, b] = both.map((each) => each[channel] as Moments) as [Moments, Moments];
      const pooled = (a.mean + b.mean) / 2;
      const square = (a.variance + a.mean ** 2 + b.variance + b.mean ** 2) / 2;
      expect(mean).to.be.closeTo(pooled, 1e-5);
      expect(moments.variance.data[channel]).to.be.closeTo(square - pooled ** 2, 1e-4 * square);
    });
  });

  it('hold exactly the choices that were visited', async () => {
    const { weights } = randomSupernet(plainSpace, classes, new Random(2));
    const architecture = randomArchitecture(plainSpace, new Random(6));
    const images = randomImages(batch, 16, new Random(3));
    const options = { space: plainSpace, classes, batch, engine, images: () => images };
    const statistics = await collectStatistics(weights, [{ architecture, visits: 1 }], options);
    const found = [...statistics].flatMap(([layer, keys]) => [...keys.keys()].map((key) => `${layer}/${key}`));
    const convolutions = layersOf(plainSpace, architecture, classes).flatMap((layer) =>
      layer.kind === 'convolution' ? [layer] : [],
    );
    expect(found).to.have.members(convolutions.map(({ name, statisticsKey }) => `${name}/${statisticsKey}`));
    const inputs = statisticsInputs(statistics);
    for (const { name, statisticsKey, outputChannels } of convolutions) {
      expect(inputs.get(statisticsInput(name, statisticsKey, 'mean'))).to.have.length(outputChannels);
      expect(inputs.get(statisticsInput(name, statisticsKey, 'variance'))).to.have.length(outputChannels);
    }
  });
});

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Per output channel of a 3x3 convolution with stride 2 and zero padding, in double precision. */
function stemMoments(images: Tensor, weight: Tensor): Moments[] {
  const [batch, channels, size] = images.shape as [number, number, number];
  const pixel = (image: number, channel: number, row: number, column: number) =>
    row < 0 || column < 0 || row >= size || column >= size
      ? 0
      : (images.data[((image * channels + channel) * size + row) * size + column] as number);
  return Array.from({ length: weight.shape[0] as number }, (_, out) => {
    const values: number[] = [];
    for (let image = 0; image < batch; image++) {
      for (let row = 0; row < size; row += 2) {
        for (let column = 0; column < size; column += 2) {
          let sum = 0;
          for (let tap = 0; tap < channels * 9; tap++) {
            const [channel, y, x] = [Math.floor(tap / 9), Math.floor((tap % 9) / 3), tap % 3];
            const w = weight.data[out * channels * 9 + tap] as number;
            sum += w * pixel(image, channel, row + y - 1, column + x - 1);
          }
          values.push(sum);
        }
      }
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  });
}
