import { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { Executable, gradientName, portable } from '../engine/index.js';
import { Adam } from './adam.js';
import { type GeneratorWeights, regressionProgram, standardize, trainedNames } from './mlp.js';

/** One scenario and what the supernet said about it. */
export interface Lesson {
  readonly features: Float32Array;
  /** `[options]`: the gains, and which of them are known (see Sensitivity). */
  readonly gains: Float32Array;
  readonly known: Float32Array;
}

export interface FitOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of the lessons that decides when to stop. */
  readonly heldOut: number;
  readonly seed: number;
}

export const defaultFitOptions: FitOptions = {
  epochs: 40,
  batch: 64,
  learningRate: 3e-4,
  weightDecay: 1e-2,
  heldOut: 0.2,
  seed: 0,
};

export interface Fit {
  readonly weights: GeneratorWeights;
  /**
   * Squared error on held-out lessons relative to that of the common utilities alone: below 1, requests really differ
   * and the generator knows how; 1 means that nothing was learned and the common utilities are kept.
   */
  readonly heldOutRatio: number;
  readonly epoch: number;
}

/**
 * Teaches the generator what each request changes: its part of the utilities is fitted to the gains less the average
 * gain of all lessons. Gains of single scenarios are noisy, so the fit is kept only from the epoch that predicts held-out
 * lessons best, and not at all if none predicts them better than "no change".
 */
export async function fitGenerator(
  initial: GeneratorWeights,
  lessons: readonly Lesson[],
  options: FitOptions,
): Promise<Fit> {
  const random = new Random(options.seed);
  const order = random.shuffle(lessons.map((_, i) => i)).map((i) => lessons[i] as Lesson);
  const heldOutCount = Math.max(1, Math.round(order.length * options.heldOut));
  const average = averageGains(order.slice(heldOutCount), initial.common.data.length);
  const deviations = order.map(({ gains }) => gains.map((gain, o) => gain - (average[o] as number)));
  // In units of their own size: Adam's steps are as large as the learning rate, however small the gains are.
  const unit = rootMeanSquare(order, deviations);
  const rows = order.map(({ features, known }, i) => ({
    features: standardize(features, initial),
    targets: (deviations[i] as Float32Array).map((deviation) => deviation / unit),
    known,
  }));
  const heldOut = rows.slice(0, heldOutCount);
  const training = rows.slice(heldOutCount);
  if (training.length < options.batch) throw new RangeError(`${lessons.length} lessons are too few to fit`);

  const executable = await Executable.compile(regressionProgram(initial, options.batch), {
    lowering: portable,
    threads: 1,
  });
  const weights = copy(initial);
  const parameters = new Map(trainedNames.map((name) => [name, weights[name].data]));
  const optimizer = new Adam(parameters, options);
  const baseline = squaredError(undefined, heldOut);
  let best: Fit = { weights: initial, heldOutRatio: 1, epoch: 0 };
  try {
    const steps = Math.floor(training.length / options.batch);
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      random.shuffle(training);
      for (let step = 0; step < steps; step++) {
        const batch = training.slice(step * options.batch, (step + 1) * options.batch);
        const feeds = new Map<string, Float32Array>(parameters);
        feeds.set('features', stack(batch.map(({ features }) => features)));
        feeds.set('targets', stack(batch.map(({ targets }) => targets)));
        feeds.set('weights', stack(batch.map(({ known }) => known)));
        feeds.set('zero', new Float32Array(initial.common.data.length));
        const results = await executable.run(feeds);
        const gradients = trainedNames.map((name) => [name, results[gradientName(name)]?.data] as const);
        const progress = ((epoch - 1) * steps + step) / (options.epochs * steps);
        optimizer.step(new Map(gradients as [string, Float32Array][]), (1 + Math.cos(Math.PI * progress)) / 2);
      }
      const ratio = squaredError(weights, heldOut) / baseline;
      if (ratio < best.heldOutRatio) best = { weights: copy(weights), heldOutRatio: ratio, epoch };
    }
  } finally {
    await executable.dispose();
  }
  return { ...best, weights: inUnits(best.weights, unit) };
}

/** The utilities of a request, as the exported model computes them: `[options]`. */
export function utilitiesOf(weights: GeneratorWeights, features: Float32Array): Float32Array {
  return add(requestPart(weights, standardize(features, weights)), weights.common.data);
}

function requestPart(weights: GeneratorWeights, standardized: Float32Array): Float32Array {
  const hidden = matrixVector(weights.hiddenWeight.data, standardized, weights.hiddenBias.data);
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

function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] as number));
}

/** Of the known gains; 1 if all are 0. */
function rootMeanSquare(lessons: readonly Lesson[], deviations: readonly Float32Array[]): number {
  let sum = 0;
  let count = 0;
  lessons.forEach(({ known }, i) => {
    known.forEach((weight, o) => {
      sum += weight * ((deviations[i] as Float32Array)[o] as number) ** 2;
      count += weight;
    });
  });
  return sum > 0 ? Math.sqrt(sum / count) : 1;
}

/** Weights fitted to targets in units of `unit`, for targets as they are. */
function inUnits(weights: GeneratorWeights, unit: number): GeneratorWeights {
  const { shape, data } = weights.outputWeight;
  return {
    ...weights,
    outputWeight: tensor(
      shape,
      data.map((value) => value * unit),
    ),
  };
}

function averageGains(lessons: readonly Lesson[], options: number): Float32Array {
  const average = new Float32Array(options);
  for (let o = 0; o < options; o++) {
    let sum = 0;
    let count = 0;
    for (const { gains, known } of lessons) {
      sum += gains[o] as number;
      count += known[o] as number;
    }
    average[o] = count > 0 ? sum / count : 0;
  }
  return average;
}

interface Row {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly known: Float32Array;
}

/** Of predicting each row's targets; without weights, of predicting zero. */
function squaredError(weights: GeneratorWeights | undefined, rows: readonly Row[]): number {
  let sum = 0;
  for (const { features, targets, known } of rows) {
    const prediction = weights && requestPart(weights, features);
    targets.forEach((target, o) => {
      sum += (known[o] as number) * ((prediction?.[o] ?? 0) - target) ** 2;
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

function copy(weights: GeneratorWeights): GeneratorWeights {
  const copied = Object.entries(weights).map(([name, { shape, data }]) => [
    name,
    tensor(shape, Float32Array.from(data)),
  ]);
  return Object.fromEntries(copied) as GeneratorWeights;
}
