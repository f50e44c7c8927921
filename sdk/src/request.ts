import { type Budget, isBudget } from './generator/index.js';
import type { Architecture } from './space/index.js';

/** What to tell apart, and what that may cost. */
export interface Request {
  /** Names of the bundle's tasks; several mean all of their classes. */
  readonly tasks?: readonly string[];
  /** Names of single classes, beside those of `tasks`. */
  readonly classes?: readonly string[];
  /** Every limit is kept. */
  readonly budget: Budget;
}

/** A request, or one whose architecture is chosen already. A budget beside it is checked. */
export type SpecializeRequest = (
  | (Request & { readonly architecture?: undefined })
  | (Omit<Request, 'budget'> & { readonly architecture: Architecture; readonly budget?: Budget })
) & {
  /**
   * Takes batch-norm statistics from the bundle's calibration images, for this subnet alone, instead of the shipped ones.
   * Takes longer; only for bundles that hold such images. Default: false.
   */
  readonly recalibrate?: boolean;
};

/** What a bundle can tell apart. */
export interface Vocabulary {
  readonly classes: readonly string[];
  readonly tasks: Readonly<Record<string, readonly string[]>>;
}

export const requestFields = ['tasks', 'classes', 'budget', 'architecture', 'recalibrate'];

/**
 * The indices of the requested classes: of all tasks and single ones together, once each, in the bundle's order; undefined
 * if the request is malformed, or asks for what the bundle does not know. `refusedClasses` says why.
 */
export function classesOf(request: Partial<Request>, { classes, tasks }: Vocabulary): readonly number[] | undefined {
  if (!Object.keys(request ?? '').every((field) => requestFields.includes(field))) return undefined;
  const { tasks: wantedTasks, classes: wantedClasses } = request ?? {};
  const wanted = new Set<string>();
  for (const [given, known] of [
    [wantedTasks, (name: string) => (Object.hasOwn(tasks, name) ? tasks[name] : undefined)],
    [wantedClasses, (name: string) => (classes.includes(name) ? [name] : undefined)],
  ] as const) {
    if (given === undefined) continue;
    if (!Array.isArray(given) || given.length === 0) return undefined;
    for (const name of given) {
      const names = typeof name === 'string' ? known(name) : undefined;
      if (!names) return undefined;
      for (const each of names) wanted.add(each);
    }
  }
  return wanted.size < 2 ? undefined : classes.flatMap((name, index) => (wanted.has(name) ? [index] : []));
}

/** @throws InvalidRequestError if it is no budget */
export async function checkBudget(budget: unknown): Promise<void> {
  if (isBudget(budget)) return;
  const { assertBudget }: { assertBudget(budget: unknown): void } = await import('./checked.js');
  assertBudget(budget);
}
