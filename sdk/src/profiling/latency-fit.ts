import { chooseEstimator } from './choose-estimator.js';
import { type Estimator, steadyLatencies, typicalLatencies, typicalLevel, usualLatencies } from './estimate.js';
import {
  chooseStrength,
  crossPredict,
  crossValidate,
  type FitError,
  fitTerms,
  macsPrior,
  type Sample,
  summarize,
} from './fit.js';
import type { VisitTimes } from './visits.js';

export interface LatencyFit {
  /** In ms: typical latencies, as an application meets them. */
  readonly terms: Float64Array;
  readonly estimator: Estimator;
}

/**
 * Terms from visits. Which subnet is slower than which (the shape of the table) is taken from the least noisy estimate
 * of the runs; how long they take (its level) from typical runs, because budgets are compared with those.
 *
 * @param rows of the subnets to fit to
 * @param macs of every term
 */
export function fitLatencies(
  visits: readonly VisitTimes[],
  rows: readonly Float64Array[],
  macs: Float64Array,
): LatencyFit {
  const typical = typicalLatencies(visits, rows.length);
  const { strength } = chooseStrength(samplesOf(rows, typical), macsPrior(samplesOf(rows, typical), macs));
  const estimator = chooseEstimator(visits, rows.length, (latencies) => {
    const samples = samplesOf(rows, latencies);
    return crossValidate(samples, macsPrior(samples, macs), strength);
  });
  const latencies = steadyLatencies(visits, rows.length, estimator);
  const level = typicalLevel(latencies, typical);
  const { terms } = fitTerms(samplesOf(rows, latencies), macs);
  return { terms: terms.map((term) => term * level), estimator };
}

/** What a fit to these visits will be off by on other subnets, by leaving out some of the fitted ones in turn. */
export function foretellError(
  visits: readonly VisitTimes[],
  rows: readonly Float64Array[],
  macs: Float64Array,
): FitError {
  const usual = usualLatencies(visits, rows.length);
  const samples = samplesOf(rows, usual);
  const prior = macsPrior(samples, macs);
  const predicted = crossPredict(samples, prior, chooseStrength(samples, prior).strength);
  return summarize(usual.map((latencyMs, i) => (predicted[i] as number) / latencyMs - 1));
}

export function samplesOf(rows: readonly Float64Array[], latencies: readonly number[]): Sample[] {
  return rows.map((row, i) => ({ row, latencyMs: latencies[i] as number }));
}
