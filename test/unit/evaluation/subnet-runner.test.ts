import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogitsStore, rightOnes, SubnetRunner, taskAccuracy } from '@easel/exporter/evaluation';
import { Random } from '@easel/sdk/random';
import { largestArchitecture, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { withDirectory } from '../../fixtures/bundle.js';
import { randomSupernet } from '../../fixtures/random-supernet.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

const random = new Random(1);
const pixels = Uint8Array.from({ length: 12 * 16 * 16 * 3 }, () => random.integer(256));
const split = {
  size: 12,
  labels: Int32Array.from({ length: 12 }, (_, i) => i % 3),
  read(indices: ArrayLike<number>, target: Uint8Array) {
    Array.from(indices).forEach((index, i) => {
      target.set(pixels.subarray(index * 768, (index + 1) * 768), i * 768);
    });
  },
};
const [large, small] = [largestArchitecture(plainSpace), smallestArchitecture(plainSpace)];
const supernet = randomSupernet(plainSpace, 3, new Random(2));

function runner(store?: LogitsStore, images?: number) {
  const runs: number[] = [];
  const made = new SubnetRunner({
    supernet,
    classes: 3,
    split,
    resolution: 16,
    normalization: { mean: [120, 120, 120], std: [60, 60, 60] },
    threads: 1,
    onRun: (images) => runs.push(images),
    ...(store ? { store } : {}),
    ...(images ? { images } : {}),
  });
  return { runner: made, runs };
}

describe('subnet runner', () => {
  it('runs each subnet once over each image, and only over images of the classes in question', async () => {
    const { runner: all, runs } = runner();
    const some = await all.logits(large, [2, 0]);
    expect([...some.images]).to.deep.equal([0, 2, 3, 5, 6, 8, 9, 11]);
    expect([...some.labels]).to.deep.equal([0, 2, 0, 2, 0, 2, 0, 2]);
    expect(runs).to.deep.equal([8]);
    await all.logits(large, [2]);
    const whole = await all.logits(large);
    expect(runs).to.deep.equal([8, 4]);
    expect([...whole.images]).to.deep.equal([...split.labels.keys()]);
    for (const [row, image] of some.images.entries()) {
      const own = whole.logits.slice(3 * image, 3 * image + 3);
      expect(some.logits.slice(3 * row, 3 * row + 3)).to.deep.equal(own);
      expect(Math.max(...own)).to.equal(0);
    }
    const { images, right } = rightOnes(whole, [0, 2]);
    expect([...images]).to.deep.equal([...some.images]);
    expect(right.reduce((sum, one) => sum + one, 0) / right.length).to.equal(taskAccuracy(some, [0, 2]));
  });

  it('takes some images of every class where it is not to take all', () => {
    const { runner: some } = runner(undefined, 4);
    expect([...new Set(some.labels)].sort()).to.deep.equal([0, 1, 2]);
  });

  for (const [what, torn] of [
    ['was torn', Buffer.from([40, 0, 0, 0, 1, 2, 3])],
    ['a power cut left as zeros', Buffer.alloc(99)],
  ] as const) {
    it(`goes on from a file, also from one whose last record ${what}`, () =>
      withDirectory(async (directory) => {
        const file = join(directory, 'logits');
        const first = runner(await LogitsStore.open(file, 'mine'));
        const ofLarge = await first.runner.logits(large);
        await first.runner.logits(small, [1]);
        await first.runner.close();
        await appendFile(file, torn);

        const second = runner(await LogitsStore.open(file, 'mine'));
        expect(await second.runner.logits(large)).to.deep.equal(ofLarge);
        await second.runner.logits(small, [1, 2]);
        expect(second.runs).to.deep.equal([4]);
        await second.runner.close();

        const third = runner(await LogitsStore.open(file, 'mine'));
        await third.runner.logits(small, [1, 2]);
        expect(third.runs).to.deep.equal([]);
        await third.runner.close();
      }));
  }

  it('takes nothing from a file about other weights or images, and shares a file with no other process', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'logits');
      const first = await LogitsStore.open(file, 'mine');
      await runner(first).runner.logits(small);
      const error = await LogitsStore.open(file, 'mine').catch((e) => e);
      expect(error).to.have.property('code', 'LOCKED');
      await first.close();
      const other = await LogitsStore.open(file, 'other');
      expect(other.has('anything', 0)).to.equal(false);
      const { runner: again, runs } = runner(other);
      await again.logits(small);
      expect(runs).to.deep.equal([12]);
      await again.close();
    }));
});
