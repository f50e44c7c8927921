import { Random } from '@easel/sdk/random';
import { adapterParts, encodeAdapter, isPerClass, type Supernet } from '@easel/sdk/subnet';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { BatchSampler, type Dataset, type Normalization } from '../data/index.js';
import { hashOf } from '../data/sampler.js';
import type { Engine } from '../engine/index.js';
import { DivergedError } from '../errors/index.js';
import { statisticsInputs } from '../supernet/index.js';
import {
  BatchSource,
  GradientSum,
  PhasePool,
  type RunIdentity,
  Sgd,
  sandwichStep,
  TaskDropout,
} from '../training/index.js';
import { lowRank } from './low-rank.js';
import type { AdapterOptions } from './options.js';

export interface AdapterRequest {
  readonly supernet: Supernet;
  /** What trained it: batches, optimizer and augmentation are the run's. */
  readonly run: RunIdentity;
  readonly dataset: Dataset;
  readonly normalization: Normalization;
  readonly engine: Engine;
  readonly options: AdapterOptions;
  readonly signal?: AbortSignal;
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * What one task changes in a finished supernet: the supernet goes on training on the task's images alone, its batch-norm
 * statistics frozen, and the change of every weight is cut down to a low rank.
 *
 * @returns the adapter's file: see `encodeAdapter`
 * @throws DivergedError if the learning rate is too high
 */
export async function trainAdapter(task: string, request: AdapterRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { supernet, dataset, options } = request;
  const { classes } = dataset;
  const members = (dataset.tasks[task] as readonly string[]).map((name) => classes.indexOf(name));
  const weights = await trainedOn(task, request);
  return encodeAdapter(adapterParts(supernet.space, members.length, options.rank), (part) => {
    const before = (supernet.weights.get(part.name) as Tensor).data;
    const after = (weights.get(part.name) as Tensor).data;
    const row = isPerClass(part.name) ? (i: number) => members[i] as number : (i: number) => i;
    const change = new Float32Array(part.rows * part.columns);
    for (let i = 0; i < change.length; i++) {
      const at = row(Math.floor(i / part.columns)) * part.columns + (i % part.columns);
      change[i] = (after[at] as number) - (before[at] as number);
    }
    return lowRank(change, part);
  });
}

/** The supernet's weights after some more steps on a task's images. */
async function trainedOn(task: string, request: AdapterRequest): Promise<ReadonlyMap<string, Tensor>> {
  const { supernet, run, engine, options, signal, onStep } = request;
  const { classes } = request.dataset;
  const { steps, learningRate, seed } = options;
  const stream = (purpose: string) => new Random(hashOf(`${seed}/adapter/${task}/${purpose}`));
  const weights = new Map([...supernet.weights].map(([name, { shape, data }]) => [name, tensor(shape, data.slice())]));
  const inputs = new Map([
    ...[...weights].map(([name, { data }]) => [name, data] as const),
    ...statisticsInputs(supernet.statistics),
  ]);
  const optimizer = new Sgd(weights, run.options);
  const gradients = new GradientSum(weights);
  const at = { phase: 'finishing', stage: 'all' } as const;
  const pool = new PhasePool(run, classes.length, engine, at);
  const batches = batchesOf(task, request, stream);
  const poolRandom = stream('pool');
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const { kept, batch } = await batches.next();
      const subnets = await pool.subnets(at);
      const sandwich = { ...run.options, classes: classes.length };
      const losses = await sandwichStep(subnets, inputs, batch, kept, sandwich, gradients, poolRandom);
      const rate = (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const norm = optimizer.step(gradients.tensors, rate);
      if (!Number.isFinite(norm) || !Number.isFinite(losses.largest)) {
        throw new DivergedError(step, rate, undefined, undefined);
      }
      onStep?.(step + 1, steps);
    }
  } finally {
    await Promise.all([batches.dispose(), pool.dispose()]);
  }
  return weights;
}

function batchesOf(task: string, request: AdapterRequest, stream: (purpose: string) => Random): BatchSource {
  const { dataset, normalization, run, options } = request;
  const { train: split, resolution, horizontalFlip, classes, tasks } = dataset;
  const { augmentation, batchSize } = run.options;
  const { resolutions } = run.space;
  const only = { per: 'step', keepAll: 0, singleTask: 1, randomClasses: 0 } as const;
  return new BatchSource({
    split,
    resolution,
    normalization,
    batchSize,
    dropout: new TaskDropout(classes, { [task]: tasks[task] as readonly string[] }, only),
    sampler: new BatchSampler(split, { seed: hashOf(`${options.seed}/adapter/${task}/sampler`) }),
    randoms: { tasks: stream('tasks'), augmentation: stream('augmentation') },
    augmentation: augmentation && {
      ...augmentation,
      horizontalFlip: augmentation.horizontalFlip && horizontalFlip,
      cutMix: options.cutMix,
    },
    resolutions: [...new Set([Math.max(...resolutions), Math.min(...resolutions)])],
  });
}
