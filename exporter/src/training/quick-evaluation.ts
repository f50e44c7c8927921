import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { BatchSampler, type Dataset, type Normalization } from '../data/index.js';
import type { Engine } from '../engine/index.js';
import { confusionMatrix, type Logits, subnetLogits, taskAccuracy } from '../evaluation/index.js';
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

/** What the largest, the smallest and a random subnet get right of the validation images. */
export interface QuickEvaluation {
  readonly images: number;
  /** Over all classes. */
  readonly accuracy: SubnetAccuracies;
  /** Per task, on its images, told apart from each other. */
  readonly tasks: Readonly<Record<string, SubnetAccuracies>>;
  /** For all classes, and per task of fewer, what the largest subnet takes images for: see `confusionMatrix`. */
  readonly confusion: readonly TaskConfusion[];
}

export interface SubnetAccuracies {
  readonly largest: number;
  readonly smallest: number;
  readonly random: number;
}

export interface TaskConfusion {
  /** Absent for all classes together. */
  readonly task?: string;
  readonly classes: readonly string[];
  /** Rows: what the images show; columns: what they were taken for. */
  readonly counts: readonly (readonly number[])[];
}

/** @param statistics of the finished supernet; without them every subnet gets exact ones of its own */
export async function quickEvaluation(
  weights: ReadonlyMap<string, Tensor>,
  statistics: Statistics | undefined,
  architectures: Readonly<Record<keyof SubnetAccuracies, Architecture>>,
  options: QuickEvaluationOptions,
): Promise<QuickEvaluation> {
  const { classes, tasks } = options.dataset;
  const passes = {
    largest: await quickLogits(weights, statistics, architectures.largest, options),
    smallest: await quickLogits(weights, statistics, architectures.smallest, options),
    random: await quickLogits(weights, statistics, architectures.random, options),
  };
  const accuracies = (members?: readonly number[]): SubnetAccuracies => ({
    largest: taskAccuracy(passes.largest, members),
    smallest: taskAccuracy(passes.smallest, members),
    random: taskAccuracy(passes.random, members),
  });
  // A task of one class is always right.
  const groups = Object.entries(tasks)
    .filter(([, names]) => names.length > 1)
    .map(([task, names]) => ({ task, names, members: names.map((name) => classes.indexOf(name)) }));
  const partial = groups.filter(({ members }) => members.length < classes.length);
  const everything = { classes, counts: confusionMatrix(passes.largest, [...classes.keys()]) };
  return {
    images: passes.largest.labels.length,
    accuracy: accuracies(),
    tasks: Object.fromEntries(groups.map(({ task, members }) => [task, accuracies(members)])),
    confusion: [
      everything,
      ...partial.map(({ task, names, members }) => ({
        task,
        classes: names,
        counts: confusionMatrix(passes.largest, members),
      })),
    ],
  };
}

async function quickLogits(
  weights: ReadonlyMap<string, Tensor>,
  statistics: Statistics | undefined,
  architecture: Architecture,
  options: QuickEvaluationOptions,
): Promise<Logits> {
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
  return subnetLogits(weights, statistics ?? (await own()), architecture, {
    ...shared,
    split: validation,
    resolution,
    normalization,
    images: options.images,
  });
}
