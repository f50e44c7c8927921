/** One measured subnet: how often each term occurs in it, and its latency in ms. */
export interface Sample {
  readonly row: Float64Array;
  readonly latencyMs: number;
  /** How much it counts in a fit. Default 1. */
  readonly weight?: number;
}

/** Strengths of the pull towards the prior, of which cross-validation picks one. */
const strengths = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
/** How often outliers are looked for again, and how many typical residuals away they begin. */
const reweightings = 3;
const outlierFrom = 2;
/** Descent ends when no term moves by more than this share of a subnet's latency. */
const precision = 1e-8;

export interface Fit {
  readonly terms: Float64Array;
  /** How strongly they are pulled towards the prior. */
  readonly strength: number;
  /** Mean relative error of cross-validation: what the fit expects of itself, and how noisy its samples are. */
  readonly error: number;
}

/**
 * Terms >= 0 that explain the latencies of whole subnets: least squares on relative errors, pulled towards latencies in
 * proportion to MACs. Fitting whole networks absorbs what fusion and memory layout do, which summing separately timed
 * blocks misses. How strong the pull should be is decided by cross-validation; subnets whose measurement was disturbed
 * count less.
 *
 * @param macs of every term
 */
export function fitTerms(samples: readonly Sample[], macs: Float64Array): Fit {
  const prior = macsPrior(samples, macs);
  const { strength, error } = chooseStrength(samples, prior);
  return { terms: robustFit(samples, prior, strength), strength, error };
}

/** The pull with the least error of cross-validation, which it answers too. */
export function chooseStrength(
  samples: readonly Sample[],
  prior: Float64Array,
): { readonly strength: number; readonly error: number } {
  return strengths
    .map((strength) => ({ strength, error: crossValidate(samples, prior, strength) }))
    .reduce((a, b) => (b.error < a.error ? b : a));
}

/** Iteratively reweighted least squares with Huber's weights: a residual far beyond the typical counts linearly. */
function robustFit(samples: readonly Sample[], prior: Float64Array, strength: number): Float64Array {
  let terms = nonNegativeLeastSquares(samples, prior, strength);
  for (let i = 0; i < reweightings; i++) {
    const residuals = samples.map(({ row, latencyMs }) => Math.abs(predict(terms, row) / latencyMs - 1));
    const typical = [...residuals].sort((a, b) => a - b)[residuals.length >> 1] as number;
    const limit = outlierFrom * 1.4826 * typical;
    if (!(limit > 0)) break;
    const weighted = samples.map((sample, j) => ({ ...sample, weight: Math.min(1, limit / (residuals[j] as number)) }));
    terms = nonNegativeLeastSquares(weighted, prior, strength, terms);
  }
  return terms;
}

export function predict(terms: Float64Array, row: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] as number) * (terms[i] as number);
  return sum;
}

/** Latency as a constant per term plus a constant per MAC, both >= 0: a device in two numbers. */
export function macsPrior(samples: readonly Sample[], macs: Float64Array): Float64Array {
  const two = samples.map(({ row, latencyMs }) => ({
    row: Float64Array.of(
      row.reduce((sum, count) => sum + count, 0),
      predict(macs, row),
    ),
    latencyMs,
  }));
  // In units of the mean, so that one small ridge serves both.
  const scales = [0, 1].map((i) => two.reduce((sum, { row }) => sum + (row[i] as number), 0) / two.length);
  const scaled = two.map(({ row, latencyMs }) => ({
    row: row.map((value, i) => value / (scales[i] as number)),
    latencyMs,
  }));
  const fitted = robustFit(scaled, new Float64Array(2), 1e-6);
  const [perTerm, perMac] = [0, 1].map((i) => (fitted[i] as number) / (scales[i] as number)) as [number, number];
  return macs.map((count) => perTerm + perMac * count);
}

/** The mean relative error on subnets that were left out of the fit in turn. */
export function crossValidate(samples: readonly Sample[], prior: Float64Array, strength: number, folds = 5): number {
  const predicted = crossPredict(samples, prior, strength, folds);
  return (
    samples.reduce((sum, { latencyMs }, i) => sum + Math.abs((predicted[i] as number) / latencyMs - 1), 0) /
    samples.length
  );
}

/** Of each subnet, by a fit that it was left out of; in ms. */
export function crossPredict(
  samples: readonly Sample[],
  prior: Float64Array,
  strength: number,
  folds = 5,
): Float64Array {
  const predicted = new Float64Array(samples.length);
  for (let fold = 0; fold < folds; fold++) {
    const terms = robustFit(
      samples.filter((_, i) => i % folds !== fold),
      prior,
      strength,
    );
    samples.forEach(({ row }, i) => {
      if (i % folds === fold) predicted[i] = predict(terms, row);
    });
  }
  return predicted;
}

/**
 * Minimizes sum(weight · (row · w / y - 1)²) + strength · sum((w - prior)² / scale²) over w >= 0 by coordinate
 * descent, where a term's scale is its prior (or the mean latency where that is 0).
 *
 * @param start where to begin; only time depends on it
 */
export function nonNegativeLeastSquares(
  samples: readonly Sample[],
  prior: Float64Array,
  strength: number,
  start = prior,
  sweeps = 500,
): Float64Array {
  const mean = samples.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / samples.length;
  // Rows and targets times the root of the weight, of which only what is not 0 is kept.
  const roots = samples.map(({ weight = 1 }) => Math.sqrt(weight));
  const columns = Array.from(prior, (_, j) => {
    const present = samples.flatMap(({ row }, i) => (row[j] === 0 ? [] : [i]));
    const scaled = ({ row, latencyMs }: Sample, root: number) => ((row[j] as number) / latencyMs) * root;
    return {
      rows: Int32Array.from(present),
      values: Float64Array.from(present, (i) => scaled(samples[i] as Sample, roots[i] as number)),
    };
  });
  const pull = prior.map((value) => strength / (value > 0 ? value : mean) ** 2);
  const w = Float64Array.from(start);
  const residual = samples.map(({ row, latencyMs }, i) => (1 - predict(w, row) / latencyMs) * (roots[i] as number));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = 0;
    columns.forEach(({ rows, values }, j) => {
      const before = w[j] as number;
      let numerator = (pull[j] as number) * ((prior[j] as number) - before);
      let denominator = pull[j] as number;
      for (let i = 0; i < rows.length; i++) {
        const value = values[i] as number;
        numerator += value * (residual[rows[i] as number] as number);
        denominator += value * value;
      }
      const after = Math.max(0, before + numerator / denominator);
      const change = after - before;
      if (change === 0) return;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        residual[row] = (residual[row] as number) - change * (values[i] as number);
      }
      w[j] = after;
      moved = Math.max(moved, Math.abs(change));
    });
    if (moved < precision * mean) break;
  }
  return w;
}

export interface FitError {
  readonly subnets: number;
  readonly medianRelative: number;
  readonly p90: number;
  readonly within5: number;
  readonly within10: number;
}

/** Of predictions for subnets that were not fitted to. */
export function errorOf(terms: Float64Array, heldOut: readonly Sample[]): FitError {
  return summarize(heldOut.map(({ row, latencyMs }) => predict(terms, row) / latencyMs - 1));
}

/** @param relative errors, signed or not */
export function summarize(relative: readonly number[]): FitError {
  const errors = relative.map(Math.abs).sort((a, b) => a - b);
  const quantile = (q: number) => errors[Math.min(errors.length - 1, Math.floor(q * errors.length))] ?? 0;
  const share = (limit: number) =>
    errors.length === 0 ? 0 : errors.filter((error) => error <= limit).length / errors.length;
  return {
    subnets: errors.length,
    medianRelative: quantile(0.5),
    p90: quantile(0.9),
    within5: share(0.05),
    within10: share(0.1),
  };
}
