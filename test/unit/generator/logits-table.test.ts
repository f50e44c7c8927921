import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architecturesToMeasure, measureLogits, type TableOptions } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { architectureCost, decisionsOf, formatArchitecture, macsTable, presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { withDirectory } from '../../fixtures/bundle.js';
import { randomSupernet } from '../../fixtures/random-supernet.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

const random = new Random(1);
const pixels = Uint8Array.from({ length: 12 * 16 * 16 * 3 }, () => random.integer(256));
const split: TableOptions['split'] = {
  size: 12,
  labels: Int32Array.from({ length: 12 }, (_, i) => i % 3),
  read(indices, target) {
    Array.from(indices).forEach((index, i) => {
      target.set(pixels.subarray(index * 768, (index + 1) * 768), i * 768);
    });
  },
};
const options: TableOptions = {
  supernet: randomSupernet(plainSpace, 3, new Random(2)),
  architectures: architecturesToMeasure(plainSpace, macsTable(plainSpace, 3), 6, new Random(3)),
  split,
  classes: 3,
  resolution: 16,
  normalization: { mean: [120, 120, 120], std: [60, 60, 60] },
  images: 9,
  threads: 1,
};

describe('table of logits', () => {
  it('goes on where it was interrupted, also in the middle of a record, to the same numbers', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'logits.bin');
      const whole = await measureLogits(options);
      expect(whole.labels).to.have.length(9);
      expect([0, 1, 2].map((label) => whole.labels.filter((own) => own === label).length)).to.deep.equal([3, 3, 3]);
      expect(whole.logits.map(({ length }) => length)).to.deep.equal([27, 27, 27, 27, 27, 27]);

      const controller = new AbortController();
      const onProgress = (done: number) => done === 2 && controller.abort(new Error('enough'));
      let message = '';
      await measureLogits({ ...options, file, signal: controller.signal, onProgress }).catch((error: Error) => {
        message = error.message;
      });
      expect(message).to.equal('enough');
      await appendFile(file, Buffer.alloc(17));

      const steps: number[] = [];
      const resumed = await measureLogits({ ...options, file, onProgress: (done) => steps.push(done) });
      expect(steps).to.deep.equal([2, 3, 4, 5, 6]);
      expect(resumed.logits).to.deep.equal(whole.logits);
    }));

  it('is measured anew for other weights, statistics and images', () =>
    withDirectory(async (directory) => {
      const { supernet } = options;
      const other = randomSupernet(plainSpace, 3, new Random(4));
      const read: typeof split.read = (indices, target) => {
        split.read(indices, target);
        for (let i = 0; i < 768 * indices.length; i++) target[i] = 255 - (target[i] as number);
      };
      for (const [i, changed] of [
        { supernet: other },
        { supernet: { ...supernet, statistics: other.statistics } },
        { split: { ...split, read } },
      ].entries()) {
        const file = join(directory, `${i}.bin`);
        await measureLogits({ ...options, file });
        const steps: number[] = [];
        const anew = await measureLogits({ ...options, ...changed, file, onProgress: (done) => steps.push(done) });
        expect(steps[0]).to.equal(0);
        expect(anew.logits).to.deep.equal((await measureLogits({ ...options, ...changed })).logits);
      }
    }));

  it('shares its file with no other process', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'logits.bin');
      let problem: unknown;
      const whole = await measureLogits({
        ...options,
        file,
        onProgress: () => {
          problem ??= measureLogits({ ...options, file }).catch((error) => error);
        },
      });
      expect(await problem).to.have.property('code', 'LOCKED');
      expect((await measureLogits({ ...options, file })).logits).to.deep.equal(whole.logits);
    }));

  it('is about different subnets, from the smallest to the largest and evenly in between', () => {
    const space = presetSpace('mobile-32');
    const table = macsTable(space, 10);
    const drawn = architecturesToMeasure(space, table, 100, new Random(5));
    expect(new Set(drawn.map(formatArchitecture)).size).to.equal(100);
    const costs = drawn.map((architecture) => architectureCost(table, decisionsOf(space), architecture));
    const [least, most] = [Math.min(...costs), Math.max(...costs)];
    for (let part = 0; part < 4; part++) {
      const [from, to] = [part, part + 1].map((edge) => least + ((most - least) * edge) / 4) as [number, number];
      expect(costs.filter((cost) => cost >= from && cost <= to).length, `part ${part}`).to.be.at.least(8);
    }
  });
});
