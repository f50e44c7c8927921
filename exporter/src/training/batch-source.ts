import type { Random } from '@easel/sdk/random';
import type { AugmentationOptions, BatchSampler, SamplerState } from '../data/index.js';
import { type Batch, type BatchOptions, batchOf, labelsOf, viewsOf } from './batches.js';
import { RenderThread } from './render-thread.js';
import { type KeptClasses, keptWith, type TaskDropout } from './task-dropout.js';

export interface BatchSourceOptions extends BatchOptions {
  readonly batchSize: number;
  readonly dropout: TaskDropout;
  readonly sampler: BatchSampler;
  readonly randoms: { readonly tasks: Random; readonly augmentation: Random };
  readonly augmentation: AugmentationOptions | null;
  /** What every step will ask for; others are made when asked for. */
  readonly resolutions: readonly number[];
}

export interface TaskBatch {
  /** The classes that take part: the image's own is always among them, and that of a patch. */
  readonly kept: KeptClasses;
  readonly batch: Batch;
}

/** Of the last batch handed out: what was drawn ahead is not part of it. */
export interface BatchSourceState {
  readonly randoms: { readonly tasks: readonly number[]; readonly augmentation: readonly number[] };
  readonly sampler: SamplerState;
}

/**
 * The batches of a training, each prepared on another thread while the step before it runs. What a batch holds depends
 * only on its place in the order, never on time.
 */
export class BatchSource {
  readonly #options: BatchSourceOptions;
  #thread: RenderThread | undefined;
  #ahead: { readonly before: BatchSourceState; readonly batch: Promise<TaskBatch> } | undefined;

  constructor(options: BatchSourceOptions) {
    this.#options = options;
  }

  get state(): BatchSourceState {
    return this.#ahead?.before ?? this.#present();
  }

  async next(): Promise<TaskBatch> {
    const batch = await (this.#ahead ?? this.#draw()).batch;
    this.#ahead = this.#draw();
    return batch;
  }

  async dispose(): Promise<void> {
    await this.#thread?.dispose();
  }

  #present(): BatchSourceState {
    const { sampler, randoms } = this.#options;
    return {
      randoms: { tasks: randoms.tasks.state, augmentation: randoms.augmentation.state },
      sampler: sampler.state,
    };
  }

  #draw() {
    const { split, sampler, dropout, randoms, batchSize, augmentation, resolutions } = this.#options;
    const before = this.#present();
    const ofStep = dropout.options.per === 'step' ? dropout.draw(randoms.tasks) : undefined;
    const indices = sampler.next(batchSize, ofStep);
    const random = augmentation ? { options: augmentation, random: randoms.augmentation } : undefined;
    const views = viewsOf(this.#options, indices, random);
    const labels = labelsOf(split, indices);
    const ofImages = Array.from(labels, (label) => ofStep ?? dropout.draw(randoms.tasks, label));
    const kept = keptWith(views.augmentation?.patches ?? [], ofImages);
    this.#thread ??= new RenderThread();
    const batch = this.#thread
      .render({ views, resolutions })
      .then((images) => ({ kept, batch: batchOf(views, labels, images) }));
    batch.catch(() => {});
    return { before, batch };
  }
}
