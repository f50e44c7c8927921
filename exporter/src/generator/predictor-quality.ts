/** How well accuracy is predicted, on subnets and class sets that the predictor was not fitted to. */
export interface PredictorQuality {
  /** 0 where there were too few subnets to leave any out. */
  readonly subnets: number;
  /** 0 where there were too few class sets to leave any out. */
  readonly classSets: number;
  /** Mean absolute error, in shares (0.01 is one point). */
  readonly meanAbsoluteError: number;
  readonly rootMeanSquareError: number;
  /** Kendall's tau over pairs of (subnet, class set). */
  readonly tau: number;
  /** Mean over class sets of Kendall's tau over the subnets: what ranking subnets for one task takes. */
  readonly tauWithinSet: number;
}

interface Pair {
  readonly predicted: number;
  readonly measured: number;
}

/** @param sets per class set, its subnets */
export function qualityOf(sets: readonly (readonly Pair[])[]): PredictorQuality {
  const pairs = sets.flat();
  const errors = pairs.map(({ predicted, measured }) => predicted - measured);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Every pair of pairs is compared: 2,000 are plenty.
  const spread = pairs.filter((_, i) => i % Math.ceil(pairs.length / 2000) === 0);
  return {
    subnets: sets[0]?.length ?? 0,
    classSets: sets.length,
    meanAbsoluteError: mean(errors.map(Math.abs)),
    rootMeanSquareError: Math.sqrt(mean(errors.map((error) => error * error))),
    tau: kendallTau(spread),
    tauWithinSet: mean(sets.map(kendallTau)),
  };
}

/** Kendall's tau-b: how far two orders agree, from -1 to 1. */
export function kendallTau(pairs: readonly Pair[]): number {
  let agreement = 0;
  let [untiedPredicted, untiedMeasured] = [0, 0];
  for (let i = 0; i < pairs.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [pairs[i] as Pair, pairs[j] as Pair];
      const [p, m] = [Math.sign(a.predicted - b.predicted), Math.sign(a.measured - b.measured)];
      agreement += p * m;
      untiedPredicted += p * p;
      untiedMeasured += m * m;
    }
  }
  const scale = Math.sqrt(untiedPredicted * untiedMeasured);
  return scale > 0 ? agreement / scale : 0;
}
