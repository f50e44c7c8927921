import { InvalidRequestError, listed, UnknownClassError, UnknownTaskError } from './errors/index.js';
import type { Limit } from './generator/index.js';
import { type Request, requestFields, type Vocabulary } from './request.js';
import {
  type Architecture,
  assertInSpace,
  type CostTable,
  formatArchitecture,
  type SearchSpace,
} from './space/index.js';

/**
 * Why `classesOf` finds none.
 *
 * @throws UnknownTaskError, UnknownClassError that list the bundle's own
 * @throws InvalidRequestError if a field is misspelt or malformed, or fewer than two classes are asked for
 */
export function refusedClasses(request: unknown, { classes, tasks }: Vocabulary): never {
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
  const [only] = wanted;
  const found = only === undefined ? 'none' : `"${only}" alone`;
  const expected = 'classes that can be told apart, at least two (one class is always right)';
  throw new InvalidRequestError('tasks and classes', found, expected);
}

function names(field: 'tasks' | 'classes', value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InvalidRequestError(field, value, 'a list of names');
  if (value.length === 0) throw new InvalidRequestError(field, '[]', 'a list with at least one name');
  for (const name of value) if (typeof name !== 'string') throw new InvalidRequestError(field, name, 'a list of names');
  return value;
}

/** @throws SearchSpaceError that names the choice which the space does not offer, InvalidRequestError the limit */
export function refusedArchitecture(
  architecture: Architecture,
  space: SearchSpace,
  limits: readonly Limit[],
  cost: (table: CostTable) => number,
): never {
  assertInSpace(space, architecture);
  const { table, most } = limits.find((limit) => cost(limit.table) > limit.most) as Limit;
  const expected = `within the budget of ${most} ${table.metric}; it needs ${cost(table)}`;
  throw new InvalidRequestError('architecture', formatArchitecture(architecture), expected);
}

/** That every limit is larger than what the most expensive subnet takes. */
export function looseBudget(limits: readonly Limit[], largest: (limit: Limit) => number): string {
  const needed = limits.map((limit) => `${limit.table.metric} ${Number(largest(limit).toPrecision(4))}`);
  return `the budget is larger than any subnet needs (${needed.join(', ')})`;
}
