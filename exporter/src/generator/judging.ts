import type { Random } from '@easel/sdk/random';
import { percentileInterval } from '../evaluation/index.js';
import { type Lesson, ownPart } from './fit.js';
import type { NetworkWeights } from './mlp.js';
import type { Preferences } from './preferences.js';

/** Squared error of answers that were never taught, relative to answering all requests alike. */
export interface HeldOutError {
  /** What it is judged by is noisy, so that even a perfect generator stays far above 0. */
  readonly heldOutRatio: number;
  /** 95 %: bootstrap over class sets. */
  readonly interval: readonly [number, number];
}

/** Of answers to one class set, and of answering nothing; in the metric of what utilities predict. */
export interface SetError {
  readonly set: number;
  readonly error: number;
  readonly zero: number;
}

/** The relative error and its 95 % interval: bootstrap over class sets. */
export function judge(errors: readonly SetError[], random: Random): HeldOutError {
  const bySet = new Map<number, { error: number; zero: number }>();
  for (const { set, error, zero } of errors) {
    const sums = bySet.get(set) ?? { error: 0, zero: 0 };
    bySet.set(set, { error: sums.error + error, zero: sums.zero + zero });
  }
  const sets = [...bySet.values()];
  const resampled = Array.from({ length: 1000 }, () => ratioOf(sets.map(() => random.pick(sets))));
  return { heldOutRatio: ratioOf(sets), interval: percentileInterval(resampled) };
}

/** 1 where there is nothing to answer: where all architectures do equally well, as the only one of its space does. */
export function ratioOf(errors: readonly Omit<SetError, 'set'>[]): number {
  const zero = errors.reduce((sum, each) => sum + each.zero, 0);
  return zero > 0 ? errors.reduce((sum, each) => sum + each.error, 0) / zero : 1;
}

/** Of whole requests: what a network answers to their class sets and budgets. */
export function squaredErrors(
  weights: NetworkWeights,
  lessons: readonly (Lesson & { set: number })[],
  preferences: Preferences,
): SetError[] {
  return lessons.map(({ set, features, targets }) => ({
    set,
    ...errorsOf(ownPart(weights, features), targets, preferences),
  }));
}

/** Answers to all class sets and what these prefer, `[sets][options]`, and which of them the answers were learned from. */
export interface ClassSetAnswers {
  readonly answers: readonly Float64Array[];
  readonly targets: readonly Float64Array[];
  readonly seen: readonly number[];
  readonly unseen: readonly number[];
  readonly preferences: Preferences;
}

/** Of what belongs to a class set alone: how it differs from what sets are answered, and prefer, in the mean. */
export function ownErrors({ answers, targets, seen, unseen, preferences }: ClassSetAnswers): SetError[] {
  const own = (values: readonly Float64Array[]) => {
    const common = meanOf(seen.map((set) => values[set] as Float64Array));
    return (set: number) => (values[set] as Float64Array).map((value, o) => value - (common[o] as number));
  };
  const [answerOf, targetOf] = [own(answers), own(targets)];
  return unseen.map((set) => ({ set, ...errorsOf(answerOf(set), targetOf(set), preferences) }));
}

export function meanOf(rows: readonly ArrayLike<number>[]): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (row[i] as number);
  return sum.map((value) => value / rows.length);
}

function errorsOf(answer: ArrayLike<number>, targets: ArrayLike<number>, preferences: Preferences) {
  const power = (values: Float64Array) => preferences.product(values, values);
  return {
    error: power(Float64Array.from(targets, (target, o) => target - (answer[o] as number))),
    zero: power(Float64Array.from(targets)),
  };
}
