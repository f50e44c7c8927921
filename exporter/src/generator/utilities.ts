import { type Architecture, type Decision, encodeArchitecture } from '@easel/sdk/space';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** What one pass of every measured subnet over the validation images left: enough for every subset of the classes. */
export interface LogitsTable {
  readonly architectures: readonly Architecture[];
  /** `[images, classes]` per architecture. */
  readonly logits: readonly Float32Array[];
  /** `[images]` */
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * Mean log-likelihood of the right class, softmax over `classes` alone, over the images of those classes: a smoother
 * measure of a subnet than its accuracy, which few images make coarse.
 */
export function logLikelihood(
  logits: Float32Array,
  labels: Int32Array,
  total: number,
  classes: readonly number[],
): number {
  const wanted = new Set(classes);
  let sum = 0;
  let images = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (!wanted.has(label)) continue;
    const row = i * total;
    let highest = Number.NEGATIVE_INFINITY;
    for (const c of classes) highest = Math.max(highest, logits[row + c] as number);
    let exponentials = 0;
    for (const c of classes) exponentials += Math.exp((logits[row + c] as number) - highest);
    sum += (logits[row + label] as number) - highest - Math.log(exponentials);
    images++;
  }
  if (images === 0) throw new RangeError('no images of these classes');
  return sum / images;
}

/**
 * Additive utilities by ridge regression: the score of an architecture, summed over its chosen options, approximates its
 * mean log-likelihood over the given class sets (up to a constant). Decoded by the exact knapsack they beat picking the
 * best of the measured subnets, since noise in single measurements averages out.
 *
 * @returns one number per option, in the canonical order of decisions, centred per decision
 */
export function fitUtilities(
  decisions: readonly Decision[],
  table: LogitsTable,
  classSets: readonly (readonly number[])[],
  ridge = 3,
): Float32Array {
  const scores = table.logits.map(
    (logits) =>
      classSets.reduce((sum, set) => sum + logLikelihood(logits, table.labels, table.classes, set), 0) /
      classSets.length,
  );
  const utilities = ridgeRegression(
    table.architectures.map((architecture) => encodeArchitecture(decisions, architecture)),
    scores,
    ridge,
  );
  return Float32Array.from(utilities);
}

/** Weights w that minimize |X w - (y - mean y)|² + ridge |w|². */
export function ridgeRegression(
  rows: readonly ArrayLike<number>[],
  targets: readonly number[],
  ridge: number,
): number[] {
  const x = new Matrix(rows.map((row) => Array.from(row)));
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  const y = Matrix.columnVector(targets.map((target) => target - mean));
  const transposed = x.transpose();
  const normal = transposed.mmul(x).add(Matrix.eye(x.columns).mul(ridge));
  return new CholeskyDecomposition(normal).solve(transposed.mmul(y)).to1DArray();
}
