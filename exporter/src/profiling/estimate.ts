import type { Measurements } from './measure.js';

/** How the latency of a subnet is taken from its timed runs. */
export interface Estimator {
  /** Low quantiles leave out interruptions, which only ever make a run longer. */
  readonly quantile: number;
  /** Whether every run is scaled by how much slower or faster the reference subnet was in the same window. */
  readonly steadied: boolean;
}

/** From what comes closest to experience on a quiet machine to what still works on a busy one. */
export const estimators: readonly Estimator[] = [0.25, 0.1, 0.05, 0].flatMap((quantile) => [
  { quantile, steadied: false },
  { quantile, steadied: true },
]);

/** In ms, one per architecture. */
export function latenciesOf({ runs, references }: Measurements, { quantile, steadied }: Estimator): readonly number[] {
  const usual = quantileOf(references.flat(), quantile);
  const speed = references.map((window) => (steadied ? usual / quantileOf(window, quantile) : 1));
  return runs.map((ofSubnet) =>
    quantileOf(
      ofSubnet.map(({ latencyMs, window }) => latencyMs * (speed[window] as number)),
      quantile,
    ),
  );
}

/** How much the reference subnet's latency varied: interquartile range over median. */
export function noiseOf({ references }: Measurements): number {
  const all = references.flat();
  return (quantileOf(all, 0.75) - quantileOf(all, 0.25)) / quantileOf(all, 0.5);
}

/** What a less usual estimator must at least lower the error by to be preferred: by 15 %, and by 0.2 points. */
const worthwhile = { relative: 0.15, absolute: 0.002 };

/**
 * The first estimator whose latencies the additive model explains about as well as any other's: what the model cannot
 * explain is mostly noise of measuring.
 *
 * @param errorOf the mean relative error of cross-validation with these latencies
 */
export function chooseEstimator(
  measurements: Measurements,
  errorOf: (latencies: readonly number[]) => number,
): Estimator {
  let chosen: { readonly estimator: Estimator; readonly error: number } | undefined;
  for (const estimator of estimators) {
    const error = errorOf(latenciesOf(measurements, estimator));
    const needed = chosen && Math.max(worthwhile.relative * chosen.error, worthwhile.absolute);
    if (!chosen || error < chosen.error - (needed as number)) chosen = { estimator, error };
  }
  return (chosen as NonNullable<typeof chosen>).estimator;
}

export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] as number;
}
