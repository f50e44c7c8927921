import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SearchSpace } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import type { Dataset, Normalization } from '../data/index.js';
import { type Engine, openEngine } from '../engine/index.js';
import { CheckpointError, DivergedError, TrainingInterruptedError } from '../errors/index.js';
import { assertSameRun, readCheckpoint } from './checkpoint.js';
import type { TrainingEvent } from './events.js';
import { imagesDigest } from './images-digest.js';
import { MetricsFile } from './metrics.js';
import { type TrainingOptions, trainingOptions } from './options.js';
import { TrainingRun } from './run.js';
import type { InitialSupernet } from './starting-weights.js';

export interface TrainSupernetArguments {
  readonly dataset: Dataset;
  readonly space: SearchSpace;
  /** What is not given has its default. */
  readonly options?: Partial<TrainingOptions>;
  /** Starts from these weights instead of from random ones. */
  readonly initial?: InitialSupernet;
  /** Gets `checkpoint.bin`, the one before it as `checkpoint.previous.bin`, and `metrics.jsonl`. */
  readonly directory: string;
  /** Go on from the directory's checkpoint; where there is none, start. Default false. */
  readonly resume?: boolean;
  /** When aborted, the step under way is finished and saved, and TrainingInterruptedError thrown. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Default: ONNX Runtime with the fastest lowering that works on this machine, one thread per core. */
  readonly engine?: Engine;
  /** Default 10. */
  readonly checkpointMinutes?: number;
  /** Steps per event and line of metrics. Default 20. */
  readonly reportSteps?: number;
  /** Epochs between evaluations on the validation split; 0 turns them off. Default 1. */
  readonly evaluationEpochs?: number;
  /** Images per evaluation. Default 2000. */
  readonly evaluationImages?: number;
}

export interface TrainedSupernet {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly statistics: Statistics;
  readonly normalization: Normalization;
  readonly options: TrainingOptions;
}

export const checkpointFile = (directory: string) => join(directory, 'checkpoint.bin');
export const metricsFile = (directory: string) => join(directory, 'metrics.jsonl');

/**
 * Trains a supernet: first with batch norm over the batch, then, after its statistics were collected per block choice,
 * with these frozen. A run that was stopped or killed at any moment resumes to the bit-identical result.
 *
 * @throws TrainingInterruptedError when `signal` was aborted; DivergedError; CheckpointError if the directory holds
 * another run, or this one and `resume` is false
 */
export async function trainSupernet(run: TrainSupernetArguments): Promise<TrainedSupernet> {
  const { dataset, space, directory, resume = false, signal } = run;
  const options = trainingOptions(run.options);
  const file = checkpointFile(directory);
  const identity = {
    space,
    classes: dataset.classes,
    tasks: dataset.tasks,
    trainSize: dataset.train.size,
    images: imagesDigest(dataset),
    options,
  };
  const exists = existsSync(file);
  if (exists && !resume) {
    throw new CheckpointError(file, 'already exists; resume it, or train into another directory');
  }
  const checkpoint = exists ? await readCheckpoint(file) : undefined;
  if (checkpoint) assertSameRun(file, checkpoint.run, JSON.parse(JSON.stringify(identity)));
  const engine = run.engine ?? (await openEngine()).engine;
  const metrics = await MetricsFile.open(metricsFile(directory), checkpoint?.step ?? 0);
  try {
    const training = new TrainingRun({ ...run, identity, engine, file, metrics, checkpoint });
    await finish(training, file, signal);
    const { weights, statistics, normalization } = training;
    return { weights, statistics: statistics as Statistics, normalization, options };
  } finally {
    await metrics.close();
  }
}

/** Trains to the end, or saves what there is when the signal comes. */
async function finish(training: TrainingRun, file: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await training.toTheEnd();
  } catch (error) {
    // What diverged is not saved, though its weights may still be numbers.
    if (!signal?.aborted || error instanceof DivergedError) throw error;
    await training.save();
    throw new TrainingInterruptedError(training.step, training.schedule.totalSteps, file);
  } finally {
    await training.dispose();
  }
}
