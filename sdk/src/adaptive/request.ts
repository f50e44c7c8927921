import { InfeasibleBudgetError, InvalidRequestError, listed } from '../errors/index.js';
import type { Budget } from '../generator/index.js';
import { checkBudget, type Request } from '../request.js';
import type { Rung } from './ladder.js';

/** A request whose budget has a latency: what an adaptive classifier keeps. */
export interface AdaptiveRequest extends Request {
  readonly budget: Omit<Budget, 'accuracy'> & { readonly latencyMs: number };
}

/** What the app wants from now on. `tasks` and `classes` together replace what was asked for; `budget` does alone. */
export type AdaptiveChange = Partial<AdaptiveRequest>;

const fields = ['tasks', 'classes', 'budget'];

/** @throws InvalidRequestError for a misspelt field, a malformed budget, one without a latency or with an accuracy */
export async function assertAdaptive(request: unknown): Promise<void> {
  assertFields('request', request);
  const { budget } = request as Request;
  await checkBudget(budget);
  if (budget.accuracy !== undefined) {
    throw new InvalidRequestError('budget', 'accuracy', 'of costs alone: the latency is kept, and accuracy follows');
  }
  if (budget.latencyMs === undefined) {
    throw new InvalidRequestError('budget', listed(Object.keys(budget)), 'one with latencyMs, to adapt to');
  }
}

/** @throws InvalidRequestError for a misspelt field, or nothing to change */
export function changed(request: AdaptiveRequest, change: AdaptiveChange): AdaptiveRequest {
  assertFields('change', change);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as AdaptiveChange;
  if (Object.keys(given).length === 0)
    throw new InvalidRequestError('change', '{}', `an object with ${listed(fields)}`);
  const subject = given.tasks || given.classes ? {} : request;
  return { ...subject, budget: request.budget, ...given };
}

/** Whether the same subnets are there to choose from. */
export function sameLadder(a: AdaptiveRequest, b: AdaptiveRequest): boolean {
  const key = ({ tasks, classes, budget: { latencyMs: _, ...others } }: AdaptiveRequest) =>
    JSON.stringify([tasks ?? [], classes ?? [], others.macs, others.parameters, others.modelBytes]);
  return key(a) === key(b);
}

/** @throws InfeasibleBudgetError that names the least latency, by the device's table */
export function assertFeasible({ budget }: AdaptiveRequest, rungs: readonly Rung[]): void {
  const { latencyMs, ...others } = budget;
  const least = (rungs[0] as Rung).predictedMs;
  if (least <= latencyMs) return;
  const together = Object.entries(others).map(([metric, most]) => ({ metric, most }));
  throw new InfeasibleBudgetError('latencyMs', latencyMs, least, together);
}

function assertFields(what: string, value: unknown): void {
  if (value === null || typeof value !== 'object') {
    throw new InvalidRequestError(what, value, `an object with ${listed(fields)}`);
  }
  const stranger = Object.keys(value).find((field) => !fields.includes(field));
  if (stranger !== undefined) throw new InvalidRequestError(`${what} field`, stranger, `one of ${listed(fields)}`);
}
