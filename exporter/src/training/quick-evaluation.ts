import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { BatchSampler, type Dataset, type Normalization } from '../data/index.js';
import type { Engine } from '../engine/index.js';
import { subnetLogits, taskAccuracy } from '../evaluation/index.js';
import { collectStatistics } from '../supernet/index.js';
import { readBatch } from './batches.js';

export interface QuickEvaluationOptions {
  readonly dataset: Dataset;
  readonly space: SearchSpace;
  readonly normalization: Normalization;
  readonly engine: Engine;
  /** Of the validation split. */
  readonly images: number;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** Batches of training images that a subnet's own statistics are taken from. */
const STATISTICS_BATCHES = 8;

/**
 * Validation accuracy of a subnet over all classes.
 * @param statistics of the finished supernet; without them the subnet gets exact ones of its own
 */
export async function quickAccuracy(
  weights: ReadonlyMap<string, Tensor>,
  statistics: Statistics | undefined,
  architecture: Architecture,
  options: QuickEvaluationOptions,
): Promise<number> {
  const { dataset, space, normalization, engine, batchSize, signal } = options;
  const shared = { space, classes: dataset.classes.length, engine };
  const { train, validation, resolution } = dataset;
  const sampler = new BatchSampler(train, { seed: 0 });
  const own = async () =>
    collectStatistics(weights, [{ architecture, visits: STATISTICS_BATCHES }], {
      ...shared,
      batch: batchSize,
      images(wanted) {
        signal?.throwIfAborted();
        return readBatch({ split: train, resolution, normalization }, sampler.next(batchSize)).images(wanted);
      },
    });
  const logits = await subnetLogits(weights, statistics ?? (await own()), architecture, {
    ...shared,
    split: validation,
    resolution,
    normalization,
    images: options.images,
  });
  return taskAccuracy(logits);
}
