import type { AccuracyPredictor } from './accuracy-predictor.js';
import type { Scenario } from './architecture-generator.js';
import { InvalidRequestError, UnreachableAccuracyError } from './errors/index.js';
import type { Planner } from './planner.js';
import { type Architecture, architectureCost } from './space/index.js';

/** Budgets that are tried at a time, in one run of the generator and one of the predictor. */
const levels = 24;

/**
 * The inverse question: the cheapest (in latency; in MACs where there is no device profile) of the generator's subnets
 * that is predicted to reach an accuracy. Budgets between the least and the most are tried, then again between the first
 * that suffices and the one before.
 *
 * @throws InvalidRequestError if the bundle has no predictor
 * @throws UnreachableAccuracyError that names the best of the budgets that were tried within the limits
 * @throws InfeasibleBudgetError if the limits cannot be kept
 */
export async function cheapestReaching(
  accuracy: number,
  { classes, limits }: Scenario,
  { tables, decisions, generator }: Pick<Planner, 'tables' | 'decisions' | 'generator'>,
  predictor: AccuracyPredictor | undefined,
): Promise<Architecture> {
  if (!predictor) {
    throw new InvalidRequestError('budget', 'accuracy', 'of costs alone: this bundle has no accuracy predictor');
  }
  // What is to be cheap; its limit, if there is one, is the most.
  const table = tables.get(tables.profile ? 'latencyMs' : 'macs', classes.length);
  const others = limits.filter((limit) => limit.table !== table);
  const own = limits.find((limit) => limit.table === table)?.most ?? Number.POSITIVE_INFINITY;
  // A sum in another order may differ in its last digit, and must not exclude the most expensive subnet.
  const largest = generator.range(table).largest * (1 + 1e-9);
  let [low, high] = [await generator.minimum(table, limits), Math.min(own, largest)];
  let found: { architecture: Architecture; cost: number } | undefined;
  for (let round = 0; round < 2; round++) {
    const budgets = Array.from({ length: levels }, (_, i) => low + ((high - low) * i) / (levels - 1));
    // The last one as given: rounding must not exceed it.
    budgets[levels - 1] = high;
    const scenarios = budgets.map((most) => ({ classes, limits: [...others, { table, most }] }));
    const architectures = await generator.architectures(scenarios);
    const predicted = await predictor.predict(classes, architectures);
    const reaching = predicted.findIndex(({ value }) => value >= accuracy);
    if (reaching < 0) {
      if (found) break;
      throw new UnreachableAccuracyError(
        accuracy,
        Math.max(...predicted.map(({ value }) => value)),
        limits.map((limit) => ({ metric: limit.table.metric, most: limit.most })),
      );
    }
    const architecture = architectures[reaching] as Architecture;
    const cost = architectureCost(table, decisions, architecture);
    if (!found || cost < found.cost) found = { architecture, cost };
    if (reaching === 0) break;
    [low, high] = [budgets[reaching - 1] as number, budgets[reaching] as number];
  }
  return (found as { architecture: Architecture }).architecture;
}
