import { budgetMetrics, type CostTables } from './cost-tables.js';
import type { Limit } from './decode.js';

/** What a subnet may cost at most, and what accuracy it should reach; every given limit is kept. At least one. */
export interface Budget {
  /** One inference on the device of the profile in use, in milliseconds. */
  readonly latencyMs?: number;
  /** Multiply-accumulate operations of one inference. */
  readonly macs?: number;
  /** Numbers that the deployed model stores. */
  readonly parameters?: number;
  /** Size of the assembled ONNX model. */
  readonly modelBytes?: number;
  /**
   * The inverse: the cheapest subnet (by latency; by MACs where there is no device profile) that is predicted to reach
   * this accuracy, 0..1, on the request's classes.
   */
  readonly accuracy?: number;
}

export const budgetFields: readonly string[] = [...budgetMetrics, 'accuracy'];

/** Whether it is a budget; `assertBudget` says why not. */
export function isBudget(budget: unknown): budget is Budget {
  if (budget === null || typeof budget !== 'object' || Array.isArray(budget)) return false;
  const given = Object.entries(budget).filter(([, value]) => value !== undefined);
  const isMeant = ([field, value]: readonly [string, unknown]) =>
    budgetFields.includes(field) &&
    Number.isFinite(value) &&
    (value as number) > 0 &&
    (field !== 'accuracy' || (value as number) <= 1);
  return given.length > 0 && given.every(isMeant);
}

/**
 * The budget as limits on cost tables, in the order of `budgetMetrics`; a wanted accuracy is none of them.
 *
 * @param classes how many classes the subnet's classifier tells apart
 * @throws InvalidRequestError if it names latency where there is no device profile
 */
export function limitsOf(budget: Budget, tables: CostTables, classes: number): readonly Limit[] {
  return budgetMetrics.flatMap((metric) => {
    const most = budget[metric];
    return most === undefined ? [] : [{ table: tables.get(metric, classes), most }];
  });
}
