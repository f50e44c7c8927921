import { type Estimator, steadyLatencies } from './estimate.js';
import type { VisitTimes } from './visits.js';

/** From what comes closest to experience on a quiet machine to what still works on a busy one. */
export const estimators: readonly Estimator[] = [0.5, 0.25, 0.1, 0].flatMap((quantile) => [
  { quantile, steadied: false },
  { quantile, steadied: true },
]);

/** What a less usual estimator must at least lower the error by to be preferred: by 15 %, and by 0.2 points. */
const worthwhile = { relative: 0.15, absolute: 0.002 };

/**
 * The first estimator whose latencies the additive model explains about as well as any other's: what the model cannot
 * explain is mostly noise of measuring.
 *
 * @param errorOf the mean relative error of cross-validation with these latencies
 */
export function chooseEstimator(
  visits: readonly VisitTimes[],
  count: number,
  errorOf: (latencies: readonly number[]) => number,
): Estimator {
  let chosen: { readonly estimator: Estimator; readonly error: number } | undefined;
  for (const estimator of estimators) {
    const error = errorOf(steadyLatencies(visits, count, estimator));
    const needed = chosen && Math.max(worthwhile.relative * chosen.error, worthwhile.absolute);
    if (!chosen || error < chosen.error - (needed as number)) chosen = { estimator, error };
  }
  return (chosen as NonNullable<typeof chosen>).estimator;
}
