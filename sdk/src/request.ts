import { InvalidRequestError, listed, UnknownClassError, UnknownTaskError } from './errors/index.js';
import type { Budget } from './generator/index.js';
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

const requestFields = ['tasks', 'classes', 'budget', 'architecture', 'recalibrate'];

/**
 * The indices of the requested classes: of all tasks and single ones together, once each, in the bundle's order.
 *
 * @throws UnknownTaskError, UnknownClassError that list the bundle's own
 * @throws InvalidRequestError if a field is misspelt or malformed, or fewer than two classes are asked for
 */
export function requestedClasses(request: unknown, { classes, tasks }: Vocabulary): readonly number[] {
  if (request === null || typeof request !== 'object') {
    throw new InvalidRequestError('request', request, `an object with ${requestFields.join(', ')}`);
  }
  const stranger = Object.keys(request).find((field) => !requestFields.includes(field));
  if (stranger !== undefined)
    throw new InvalidRequestError('request field', stranger, `one of ${listed(requestFields)}`);
  const { tasks: wantedTasks, classes: wantedClasses } = request as Partial<Request>;
  const wanted = new Set<string>();
  for (const task of names('tasks', wantedTasks)) {
    if (!Object.hasOwn(tasks, task)) throw new UnknownTaskError(task, Object.keys(tasks));
    for (const name of tasks[task] as readonly string[]) wanted.add(name);
  }
  for (const name of names('classes', wantedClasses)) {
    if (!classes.includes(name)) throw new UnknownClassError(name, classes);
    wanted.add(name);
  }
  if (wanted.size < 2) {
    const [only] = wanted;
    const found = only === undefined ? 'none' : `"${only}" alone`;
    const expected = 'classes that can be told apart, at least two (one class is always right)';
    throw new InvalidRequestError('tasks and classes', found, expected);
  }
  return classes.flatMap((name, index) => (wanted.has(name) ? [index] : []));
}

function names(field: 'tasks' | 'classes', value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InvalidRequestError(field, value, 'a list of names');
  if (value.length === 0) throw new InvalidRequestError(field, '[]', 'a list with at least one name');
  for (const name of value) if (typeof name !== 'string') throw new InvalidRequestError(field, name, 'a list of names');
  return value;
}
