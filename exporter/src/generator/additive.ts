import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/**
 * Additive models of architectures: a score is the sum of one number per chosen option. Ridge regression on the one-hot
 * choices; utilities fitted so and decoded by the knapsack beat picking the best of the measured subnets, since noise
 * in single measurements averages out.
 */
export class AdditiveModel {
  readonly #rows: readonly Float32Array[];
  /** The chosen options of every row. */
  readonly #chosen: readonly (readonly number[])[];
  readonly #ridge: number;
  readonly #factor: CholeskyDecomposition;
  readonly #mean: Float64Array;
  /** `[options, options]`: sums of products of the centred options. */
  readonly #gram: Float64Array;

  /** @param rows encoded architectures, `[options]` each */
  constructor(rows: readonly Float32Array[], ridge = 1) {
    this.#rows = rows;
    this.#chosen = rows.map((row) => [...row.keys()].filter((option) => row[option] === 1));
    this.#ridge = ridge;
    const { gram, mean } = this.#moments(new Float64Array(rows.length).fill(1));
    this.#gram = Float64Array.from(gram.to1DArray());
    this.#mean = mean;
    this.#factor = factorize(gram, ridge);
  }

  get optionCount(): number {
    return this.#mean.length;
  }

  /** Minimizes |X w - y|² + ridge |w|², X and y centred. @param targets one per row */
  fit(targets: ArrayLike<number>): Float64Array {
    return solve(this.#factor, this.#correlate(targets, this.#mean));
  }

  /** The same with a weight per row, whose mean counts as 1. */
  fitWeighted(targets: ArrayLike<number>, weights: Float64Array): Float64Array {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const scaled = weights.map((weight) => (weight * weights.length) / total);
    const { gram, mean } = this.#moments(scaled);
    return solve(factorize(gram, this.#ridge), this.#correlate(targets, mean, scaled));
  }

  /**
   * Fits a score that saturates: large architectures gain less from the same choice. The sum, and its square as one more
   * column, are fitted together; the curve is common to all options, so it changes no comparison within a budget.
   *
   * @returns the weights, and what the curved model predicts for every row
   */
  fitCurved(targets: ArrayLike<number>): { readonly weights: Float64Array; readonly predicted: Float64Array } {
    const first = this.predict(this.fit(targets));
    const middle = mean(first);
    const deviation = Math.sqrt(mean(first.map((value) => (value - middle) ** 2))) || 1;
    const square = first.map((value) => ((value - middle) / deviation) ** 2);
    // By the Frisch-Waugh-Lovell theorem: regress what the options leave of the targets on what they leave of the square.
    const left = (values: ArrayLike<number>) => {
      const own = this.predict(this.fit(values));
      const offset = mean(values) - mean(own);
      return Float64Array.from(values, (value, i) => value - (own[i] as number) - offset);
    };
    const [squareLeft, targetLeft] = [left(square), left(targets)];
    const power = squareLeft.reduce((sum, value) => sum + value * value, 0);
    const curve =
      power > 0 ? squareLeft.reduce((sum, value, i) => sum + value * (targetLeft[i] as number), 0) / power : 0;
    const straight = Float64Array.from(targets, (value, i) => value - curve * (square[i] as number));
    const weights = this.fit(straight);
    const sums = this.predict(weights);
    const offset = mean(straight) - mean(sums);
    return { weights, predicted: sums.map((sum, i) => sum + offset + curve * (square[i] as number)) };
  }

  /** The sums of the rows' options. */
  predict(weights: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.#chosen, (options) =>
      options.reduce((sum, option) => sum + (weights[option] as number), 0),
    );
  }

  /** Covariance of what two sets of weights predict, over the rows: an inner product of preferences. */
  product(a: Float64Array, b: Float64Array): number {
    const n = a.length;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let row = 0;
      for (let j = 0; j < n; j++) row += (this.#gram[i * n + j] as number) * (b[j] as number);
      sum += (a[i] as number) * row;
    }
    return sum / this.#rows.length;
  }

  /** Sums of weighted, centred products of options, and the options' weighted means. */
  #moments(weights: Float64Array): { gram: Matrix; mean: Float64Array } {
    const options = this.#rows[0]?.length ?? 0;
    const gram = Matrix.zeros(options, options);
    const mean = new Float64Array(options);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#chosen.forEach((chosen, row) => {
      const weight = weights[row] as number;
      for (const i of chosen) {
        mean[i] = (mean[i] as number) + weight / total;
        for (const j of chosen) gram.set(i, j, gram.get(i, j) + weight);
      }
    });
    for (let i = 0; i < options; i++) {
      // One triangle, mirrored: rounding would make the two differ.
      for (let j = 0; j <= i; j++) {
        const centred = gram.get(i, j) - total * (mean[i] as number) * (mean[j] as number);
        gram.set(i, j, centred);
        gram.set(j, i, centred);
      }
    }
    return { gram, mean };
  }

  #correlate(targets: ArrayLike<number>, centre: Float64Array, weights?: Float64Array): Float64Array {
    const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : this.#rows.length;
    let average = 0;
    for (let row = 0; row < this.#rows.length; row++) {
      average += ((weights?.[row] ?? 1) * (targets[row] as number)) / total;
    }
    const result = new Float64Array(centre.length);
    let sum = 0;
    this.#chosen.forEach((chosen, row) => {
      const value = (weights?.[row] ?? 1) * ((targets[row] as number) - average);
      sum += value;
      for (const option of chosen) result[option] = (result[option] as number) + value;
    });
    return result.map((value, option) => value - sum * (centre[option] as number));
  }
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

function factorize(gram: Matrix, ridge: number): CholeskyDecomposition {
  return new CholeskyDecomposition(Matrix.add(gram, Matrix.eye(gram.rows).mul(ridge)));
}

function solve(factor: CholeskyDecomposition, target: Float64Array): Float64Array {
  return Float64Array.from(factor.solve(Matrix.columnVector(target)).to1DArray());
}
