import { BatchSampler, openDataset, type Patches } from '@easel/exporter/data';
import {
  BatchSource,
  type BatchSourceState,
  type KeptClasses,
  RenderThread,
  readBatch,
  TaskDropout,
} from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

const batchSize = 6;
const augmentation = { cropPadding: 4, horizontalFlip: true, cutout: 5, scale: [0.8, 1.2] as const, cutMix: 0.4 };
const normalization = { mean: [120, 110, 100], std: [60, 61, 62] } as const;
const resolutions = [32, 16];

const dataset = await openDataset('glyphs');
const { train: split, resolution } = dataset;

function parts(state?: BatchSourceState, per: 'step' | 'image' = 'step') {
  return {
    split,
    resolution,
    normalization: { mean: [...normalization.mean], std: [...normalization.std] } as never,
    batchSize,
    augmentation,
    resolutions,
    dropout: new TaskDropout(dataset.classes, dataset.tasks, { per, keepAll: 0.3, singleTask: 0.5, randomClasses: 0 }),
    sampler: state ? BatchSampler.restore(split, state.sampler) : new BatchSampler(split, { seed: 5 }),
    randoms: {
      tasks: state ? Random.fromState(state.randoms.tasks) : new Random(1),
      augmentation: state ? Random.fromState(state.randoms.augmentation) : new Random(2),
    },
  };
}

type Seen = { kept: KeptClasses; labels: number[]; patches: Patches; images: number[][] };

async function take(source: BatchSource, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let i = 0; i < count; i++) {
    const { kept, batch } = await source.next();
    // 24 is rendered when asked for, the others ahead.
    const images = [...resolutions, 24].map((side) => [...batch.images(side).data]);
    seen.push({ kept, labels: [...batch.labels], patches: batch.patches, images });
  }
  return seen;
}

describe('BatchSource', () => {
  const sources: BatchSource[] = [];
  const start = (state?: BatchSourceState) => {
    const source = new BatchSource(parts(state));
    sources.push(source);
    return source;
  };
  afterEach(() => Promise.all(sources.splice(0).map((source) => source.dispose())));

  it('gives, from another thread, bit by bit what reading step by step gives', async () => {
    const { dropout, sampler, randoms, ...options } = parts();
    const expected = Array.from({ length: 4 }, (): Seen => {
      const kept = dropout.draw(randoms.tasks);
      const indices = sampler.next(batchSize, kept);
      const batch = readBatch(options, indices, { options: augmentation, random: randoms.augmentation });
      return {
        kept: Array.from(batch.labels, () => kept),
        labels: [...batch.labels],
        patches: batch.patches,
        images: [...resolutions, 24].map((side) => [...batch.images(side).data]),
      };
    });
    expect(await take(start(), 4)).to.deep.equal(expected);
  });

  it('holds images of all classes where every image keeps classes of its own', async () => {
    const source = new BatchSource(parts(undefined, 'image'));
    sources.push(source);
    const seen = await take(source, 20);
    for (const { kept, labels, patches } of seen) {
      labels.forEach((label, image) => {
        expect(kept[image]).to.include(label);
        expect(kept[image]).to.include(labels[patches[image]?.from ?? image]);
      });
    }
    expect(seen.some(({ patches }) => patches.some((patch) => patch !== undefined))).to.equal(true);
    const numbers = new Set(seen.flatMap(({ kept }) => kept.map((own) => own.length)));
    expect(numbers.size).to.be.greaterThan(3);
    expect(new Set(seen.flatMap(({ labels }) => labels)).size).to.be.greaterThan(dataset.classes.length / 2);
  });

  it('goes on from its state as if it had never stopped, although one batch was drawn ahead', async () => {
    const straight = await take(start(), 5);
    const first = start();
    await take(first, 2);
    const state = JSON.parse(JSON.stringify(first.state));
    expect(await take(start(state), 3)).to.deep.equal(straight.slice(2));
    // And reading the state changed nothing.
    expect(await take(first, 3)).to.deep.equal(straight.slice(2));
  });

  it('has its first state before anything is drawn', async () => {
    const source = start();
    const state = JSON.parse(JSON.stringify(source.state));
    const batches = await take(source, 2);
    expect(await take(start(state), 2)).to.deep.equal(batches);
  });
});

describe('RenderThread', () => {
  const views = { pixels: new Uint8Array(12), count: 1, resolution: 2, augmentation: undefined };
  const good = { ...views, normalization: { mean: [0, 0, 0] as never, std: [1, 1, 1] as never } };

  it('tells what goes wrong on it, and goes on', async () => {
    const thread = new RenderThread();
    try {
      const bad = thread.render({ views: { ...good, count: 2 }, resolutions: [2] });
      const next = thread.render({ views: good, resolutions: [2] });
      expect((await rejection(bad, Error)).message).to.match(/batch could not be prepared: .*24 bytes, got 12/);
      expect((await next)[0]?.shape).to.deep.equal([1, 3, 2, 2]);
    } finally {
      await thread.dispose();
    }
  });

  it('rejects what is asked of it after its end', async () => {
    const thread = new RenderThread();
    const pending = thread.render({ views: good, resolutions: [2] });
    await thread.dispose();
    await pending.catch(() => {});
    await rejection(thread.render({ views: good, resolutions: [2] }), Error);
  });
});
