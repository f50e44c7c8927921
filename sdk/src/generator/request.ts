import { InvalidRequestError } from '../errors/index.js';
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

const budgetFields = [...budgetMetrics, 'accuracy'] as const;

/** @throws InvalidRequestError that names the field: unknown, not a number, not above zero, or none given */
export function assertBudget(budget: unknown): asserts budget is Budget {
  const known = `one of ${budgetFields.join(', ')}`;
  if (budget === null || typeof budget !== 'object' || Array.isArray(budget)) {
    throw new InvalidRequestError('budget', budget, `an object with ${known}`);
  }
  const given = Object.entries(budget).filter(([, value]) => value !== undefined);
  for (const [field, value] of given) {
    if (!(budgetFields as readonly string[]).includes(field))
      throw new InvalidRequestError('budget field', field, known);
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new InvalidRequestError(`budget.${field}`, value, 'a finite number above 0');
    }
    if (field === 'accuracy' && value > 1) {
      throw new InvalidRequestError('budget.accuracy', value, 'a share of the images between 0 and 1, such as 0.9');
    }
  }
  if (given.length === 0) throw new InvalidRequestError('budget', '{}', `an object with ${known}`);
}

/**
 * The budget as limits on cost tables, in the order of `budgetMetrics`; a wanted accuracy is none of them.
 *
 * @param classes how many classes the subnet's classifier tells apart
 * @throws InvalidRequestError if the budget is malformed, or names latency where there is no device profile
 */
export function limitsOf(budget: Budget, tables: CostTables, classes: number): readonly Limit[] {
  assertBudget(budget);
  return budgetMetrics.flatMap((metric) => {
    const most = budget[metric];
    return most === undefined ? [] : [{ table: tables.get(metric, classes), most }];
  });
}
