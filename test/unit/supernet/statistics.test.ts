import { portable } from '@easel/exporter/engine';
import { collectStatistics, initializeWeights, statisticsKeys, visitingPlan } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import { largestArchitecture, layersOf, presetSpace, presets, randomArchitecture } from '@easel/sdk/space';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

describe('batch-norm statistics', () => {
  for (const space of presets) {
    it(`are planned for every key of ${space.name}, several times`, () => {
      const visits = new Map<string, number>();
      for (const { architecture, visits: count } of visitingPlan(space, { count: 20, extremes: 2 }, new Random(1))) {
        for (const layer of layersOf(space, architecture, 2)) {
          if (layer.kind !== 'convolution') continue;
          const key = `${layer.name}/${layer.statisticsKey}`;
          visits.set(key, (visits.get(key) ?? 0) + count);
        }
      }
      const keys = statisticsKeys(space);
      expect([...visits.keys()].sort()).to.deep.equal([...keys].sort());
      expect(Math.min(...visits.values())).at.least(4);
      // What any architecture will ask for is among them.
      const random = new Random(2);
      const wanted = new Set<string>();
      for (let i = 0; i < 50; i++) {
        for (const layer of layersOf(space, randomArchitecture(space, random), 2)) {
          if (layer.kind === 'convolution') wanted.add(`${layer.name}/${layer.statisticsKey}`);
        }
      }
      expect([...wanted].filter((key) => !visits.has(key))).to.deep.equal([]);
    });
  }

  it('average over visits: mean of means, and the variance of all images together', async () => {
    const space = presetSpace('tiny-32');
    const random = new Random(3);
    const weights = initializeWeights(space, 2, random);
    const batches = [1, 3].map((brightness) =>
      tensor(
        [4, 3, 32, 32],
        Float32Array.from({ length: 4 * 3 * 32 * 32 }, () => brightness + random.normal()),
      ),
    );
    const collect = (images: readonly (typeof batches)[number][], batch: number) => {
      const queue = [...images];
      return collectStatistics(weights, [{ architecture: largestArchitecture(space), visits: images.length }], {
        space,
        classes: 2,
        batch,
        lowering: portable,
        threads: 1,
        images: () => queue.shift() as (typeof batches)[number],
      });
    };
    const both = await collect(batches, 4);
    const joint = await collect(
      [tensor([8, 3, 32, 32], Float32Array.from(batches.flatMap(({ data }) => [...data])))],
      8,
    );
    // Only the stem sees the same inputs either way: later layers are normalized per batch.
    const [a, b] = [both, joint].map((statistics) => statistics.get('stem')?.get('any'));
    a?.mean.data.forEach((value, i) => {
      expect(value).closeTo(b?.mean.data[i] as number, 1e-4);
    });
    a?.variance.data.forEach((value, i) => {
      expect(value / (b?.variance.data[i] as number)).closeTo(1, 1e-3);
    });
  });
});
