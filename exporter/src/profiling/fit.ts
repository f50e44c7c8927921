/** One measured subnet: how often each term occurs in it, and its latency in ms. */
export interface Sample {
  readonly row: Float64Array;
  readonly latencyMs: number;
}

/** Strengths of the pull towards the prior, of which held-out error picks one. */
const strengths = [0.03, 0.1, 0.3, 1, 3, 10];

/**
 * Terms >= 0 that explain the latencies of whole subnets: least squares on relative errors, pulled towards latencies in
 * proportion to MACs. Fitting whole networks absorbs what fusion and memory layout do, which summing separately timed
 * blocks misses. How strong the pull should be is decided by cross-validation.
 *
 * @param macs of every term
 */
export function fitTerms(samples: readonly Sample[], macs: Float64Array): Float64Array {
  const prior = macsPrior(samples, macs);
  const scored = strengths.map((strength) => ({ strength, error: crossValidate(samples, prior, strength) }));
  const best = scored.reduce((a, b) => (b.error < a.error ? b : a));
  return nonNegativeLeastSquares(samples, prior, best.strength);
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
  const fitted = nonNegativeLeastSquares(scaled, new Float64Array(2), 1e-6);
  const [perTerm, perMac] = [0, 1].map((i) => (fitted[i] as number) / (scales[i] as number)) as [number, number];
  return macs.map((count) => perTerm + perMac * count);
}

function crossValidate(samples: readonly Sample[], prior: Float64Array, strength: number, folds = 5): number {
  let sum = 0;
  for (let fold = 0; fold < folds; fold++) {
    const terms = nonNegativeLeastSquares(
      samples.filter((_, i) => i % folds !== fold),
      prior,
      strength,
    );
    for (const { row, latencyMs } of samples.filter((_, i) => i % folds === fold)) {
      sum += (predict(terms, row) / latencyMs - 1) ** 2;
    }
  }
  return sum;
}

/**
 * Minimizes sum((row · w / y - 1)²) + strength · sum((w - prior)² / scale²) over w >= 0 by coordinate descent, where a
 * term's scale is its prior (or the mean latency where that is 0).
 */
export function nonNegativeLeastSquares(
  samples: readonly Sample[],
  prior: Float64Array,
  strength: number,
  sweeps = 500,
): Float64Array {
  const mean = samples.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / samples.length;
  const columns = [...prior].map((_, j) =>
    samples.flatMap(({ row, latencyMs }, i) => {
      const value = (row[j] as number) / latencyMs;
      return value === 0 ? [] : [{ i, value }];
    }),
  );
  const pull = prior.map((value) => strength / (value > 0 ? value : mean) ** 2);
  const w = Float64Array.from(prior);
  const residual = samples.map(({ row, latencyMs }) => 1 - predict(w, row) / latencyMs);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = 0;
    columns.forEach((column, j) => {
      const before = w[j] as number;
      let numerator = (pull[j] as number) * ((prior[j] as number) - before);
      let denominator = pull[j] as number;
      for (const { i, value } of column) {
        numerator += value * (residual[i] as number);
        denominator += value * value;
      }
      const after = Math.max(0, before + numerator / denominator);
      const change = after - before;
      if (change === 0) return;
      for (const { i, value } of column) residual[i] = (residual[i] as number) - change * value;
      w[j] = after;
      moved = Math.max(moved, Math.abs(change));
    });
    if (moved < 1e-9 * mean) break;
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
  const errors = heldOut
    .map(({ row, latencyMs }) => Math.abs(predict(terms, row) / latencyMs - 1))
    .sort((a, b) => a - b);
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
