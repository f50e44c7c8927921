import { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { Executable, gradientName, portable } from '../engine/index.js';
import { Adam } from './adam.js';
import { type NetworkWeights, regressionProgram, standardize, trainedNames } from './mlp.js';

/** What a small network is to answer. */
export interface Lesson {
  readonly features: Float32Array;
  /** `[outputs]`: beyond the network's common part. */
  readonly targets: Float32Array;
}

export interface FitOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

export const defaultFitOptions: FitOptions = { epochs: 40, batch: 64, learningRate: 6e-3, weightDecay: 1e-2, seed: 0 };

export interface FitInputs {
  readonly lessons: readonly Lesson[];
  /** If given, the weights are those of the epoch that answers these best, or the initial ones if none does better. */
  readonly heldOut?: readonly Lesson[];
  /** `[outputs]`: how much an error of each output counts. Default: 1. */
  readonly importance?: Float32Array;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Fit {
  readonly weights: NetworkWeights;
  /** Squared error on the held-out lessons relative to answering all of them with zero; 1 if nothing was learned. */
  readonly heldOutRatio: number;
  readonly epoch: number;
}

/** Fits a network to lessons by mean squared error: Adam, on a cosine, in units of the targets' own size. */
export async function fitNetwork(initial: NetworkWeights, inputs: FitInputs, options: FitOptions): Promise<Fit> {
  const { lessons, heldOut = [], signal, onProgress } = inputs;
  if (lessons.length < options.batch) throw new RangeError(`${lessons.length} lessons are too few to fit`);
  const random = new Random(options.seed);
  const outputs = initial.common.data.length;
  const importance = inputs.importance ?? new Float32Array(outputs).fill(1);
  // Adam's steps are as large as the learning rate, however small the targets are.
  const unit = rootMeanSquare(lessons, importance);
  const rows = lessons.map(({ features, targets }) => ({
    features: standardize(features, initial),
    targets: targets.map((target) => target / unit),
  }));
  const executable = await Executable.compile(regressionProgram(initial, options.batch), {
    lowering: portable,
    threads: 1,
  });
  const weights = copy(initial);
  const parameters = new Map(trainedNames.map((name) => [name, weights[name].data]));
  const optimizer = new Adam(parameters, options);
  const zero = squaredError(undefined, heldOut, importance);
  let best: Fit = { weights: inUnits(copy(initial), unit), heldOutRatio: 1, epoch: 0 };
  const feeds = new Map<string, Float32Array>(parameters)
    .set('weights', stack(Array.from({ length: options.batch }, () => importance)))
    .set('zero', new Float32Array(outputs));
  try {
    const steps = Math.floor(rows.length / options.batch);
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      signal?.throwIfAborted();
      random.shuffle(rows);
      for (let step = 0; step < steps; step++) {
        const batch = rows.slice(step * options.batch, (step + 1) * options.batch);
        feeds.set('features', stack(batch.map(({ features }) => features)));
        feeds.set('targets', stack(batch.map(({ targets }) => targets)));
        const results = await executable.run(feeds);
        const gradients = trainedNames.map((name) => [name, results[gradientName(name)]?.data] as const);
        const progress = ((epoch - 1) * steps + step) / (options.epochs * steps);
        optimizer.step(new Map(gradients as [string, Float32Array][]), (1 + Math.cos(Math.PI * progress)) / 2);
      }
      onProgress?.(epoch, options.epochs);
      const scaled = inUnits(copy(weights), unit);
      if (heldOut.length === 0) best = { weights: scaled, heldOutRatio: Number.NaN, epoch };
      else {
        const heldOutRatio = squaredError(scaled, heldOut, importance) / zero;
        if (heldOutRatio < best.heldOutRatio) best = { weights: scaled, heldOutRatio, epoch };
      }
    }
  } finally {
    await executable.dispose();
  }
  return best;
}

/** What the network answers, as the exported model computes it: `[outputs]`. */
export function answerOf(weights: NetworkWeights, features: Float32Array): Float32Array {
  const own = ownPart(weights, features);
  return own.map((value, i) => value + (weights.common.data[i] as number));
}

/** The answer without the common part. */
export function ownPart(weights: NetworkWeights, features: Float32Array): Float32Array {
  const hidden = matrixVector(weights.hiddenWeight.data, standardize(features, weights), weights.hiddenBias.data);
  return matrixVector(
    weights.outputWeight.data,
    hidden.map((value) => Math.max(0, value)),
  );
}

function matrixVector(matrix: Float32Array, vector: Float32Array, bias?: Float32Array): Float32Array {
  const result = new Float32Array(matrix.length / vector.length);
  for (let r = 0; r < result.length; r++) {
    let sum = bias?.[r] ?? 0;
    for (let c = 0; c < vector.length; c++) sum += (matrix[r * vector.length + c] as number) * (vector[c] as number);
    result[r] = sum;
  }
  return result;
}

/** 1 if all targets are 0. */
function rootMeanSquare(lessons: readonly Lesson[], importance: Float32Array): number {
  const sum = squaredError(undefined, lessons, importance);
  const count = lessons.length * importance.reduce((total, each) => total + each, 0);
  return sum > 0 ? Math.sqrt(sum / count) : 1;
}

/** Weights fitted to targets in units of `unit`, for targets as they are. */
function inUnits(weights: NetworkWeights, unit: number): NetworkWeights {
  const { shape, data } = weights.outputWeight;
  return {
    ...weights,
    outputWeight: tensor(
      shape,
      data.map((value) => value * unit),
    ),
  };
}

/** Of answering the lessons' targets; without weights, of answering zero. */
function squaredError(weights: NetworkWeights | undefined, lessons: readonly Lesson[], importance: Float32Array) {
  let sum = 0;
  for (const { features, targets } of lessons) {
    const answer = weights && ownPart(weights, features);
    targets.forEach((target, o) => {
      sum += (importance[o] as number) * ((answer?.[o] ?? 0) - target) ** 2;
    });
  }
  return sum;
}

function stack(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const stacked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    stacked.set(row, i * width);
  });
  return stacked;
}

function copy(weights: NetworkWeights): NetworkWeights {
  const copied = Object.entries(weights).map(([name, { shape, data }]) => [
    name,
    tensor(shape, Float32Array.from(data)),
  ]);
  return Object.fromEntries(copied) as NetworkWeights;
}
