import type { Bounds, Continuation, Knapsack, KnapsackLimit } from './bounds.js';
import type { Entries } from './entries.js';

/** With several limits, how many neighbours on the frontier an entry is compared with: keeping it is never wrong. */
const dominators = 8;

/** A solution that is within all limits: an entry of the arena, one option more, then what the relaxation prefers. */
export interface Reachable extends Continuation {
  readonly score: number;
  readonly from: number;
  readonly option: number;
}

/** The step from a stage of the search to the next: partial solutions get one more option, the useless are dropped. */
export class Extension {
  readonly #bounds: Bounds;
  #option = 0;
  #value = 0;
  /** What can follow at best, bound and all; and the completion that the relaxation prefers. */
  #follow = 0;
  #completionValue = 0;
  #continuation: Continuation = {};
  /** Of the incumbent, where a merge has raised it. */
  reachable: Reachable | undefined;
  /** Per limit: the option's cost, and the least and the preferred completion's cost after it. */
  readonly #added: Float64Array;
  readonly #least: Float64Array;
  readonly #completion: Float64Array;
  /** Per limit: what a cost may be, with room for rounding; and what it must be to be certain. */
  readonly #most: Float64Array;
  readonly #certain: Float64Array;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    const perLimit = () => new Float64Array(bounds.limitCount);
    this.#added = perLimit();
    this.#least = perLimit();
    this.#completion = perLimit();
    this.#most = perLimit();
    this.#certain = perLimit();
  }

  /** The next `merge` keeps a block with this option. */
  byBlock({ values, limits }: Knapsack, block: number, option: number): void {
    const { afterBlock, valueAfterBlock, costAfterBlock, limitCount } = this.#bounds;
    this.#begin(option, values, afterBlock[block] as number, valueAfterBlock[block] as number);
    this.#continuation = { afterBlock: block };
    for (let k = 0; k < limitCount; k++) {
      const { flat, most } = limits[k] as KnapsackLimit;
      const least = flat.leastAfterBlock[block] as number;
      this.#limit(k, flat.costs[option] as number, least, costAfterBlock[block * limitCount + k] as number, most);
    }
  }

  /** The next `merge` ends a unit by this depth option. */
  byDepth({ values, limits }: Knapsack, unit: number, option: number): void {
    const { fromUnit, valueFromUnit, costFromUnit, limitCount } = this.#bounds;
    const next = unit + 1;
    this.#begin(option, values, fromUnit[next] as number, valueFromUnit[next] as number);
    this.#continuation = { fromUnit: next };
    for (let k = 0; k < limitCount; k++) {
      const { flat, most } = limits[k] as KnapsackLimit;
      this.#limit(k, 0, flat.leastFromUnit[next] as number, costFromUnit[next * limitCount + k] as number, most);
    }
  }

  #begin(option: number, values: Float64Array, follow: number, completionValue: number): void {
    this.#option = option;
    this.#value = values[option] as number;
    this.#follow = this.#bounds.limitValue + follow;
    this.#completionValue = completionValue;
  }

  #limit(k: number, added: number, least: number, completion: number, most: number): void {
    const margin = this.#bounds.margin[k] as number;
    this.#added[k] = added;
    this.#least[k] = least;
    this.#completion[k] = completion;
    this.#most[k] = most + margin;
    this.#certain[k] = most - margin;
  }

  /** Writes to `merged` the frontier of `frontier` and of the extended entries [start, end) of the arena. */
  merge(frontier: Entries, arena: Entries, start: number, end: number, merged: Entries): void {
    merged.count = 0;
    merged.reserve(frontier.count + end - start);
    const { score: oldScore, cost: oldCost } = frontier;
    const { score: arenaScore, cost: arenaCost } = arena;
    const value = this.#value;
    const added = this.#added[0] as number;
    let old = 0;
    let extended = start;
    while (old < frontier.count || extended < end) {
      const score = extended < end ? (arenaScore[extended] as number) + value : 0;
      const cost = extended < end ? (arenaCost[extended] as number) + added : Number.POSITIVE_INFINITY;
      // By cost; at equal cost, the better score goes first.
      const takeOld =
        old < frontier.count &&
        (extended >= end ||
          (oldCost[old] as number) < cost ||
          (oldCost[old] === cost && (oldScore[old] as number) >= score));
      if (takeOld) {
        merged.stageCopy(frontier, old++);
        push(merged);
      } else {
        const from = extended++;
        if (!this.#useful(arena, from, score, cost)) continue;
        merged.stage(score, cost, from, this.#option);
        for (let k = 0; k < arena.extraCount; k++) {
          merged.extra[merged.count * arena.extraCount + k] =
            (arena.extra[from * arena.extraCount + k] as number) + (this.#added[k + 1] as number);
        }
        push(merged);
      }
    }
  }

  /** Whether an extended entry can lead to a solution within all limits that reaches the best score known. */
  #useful(arena: Entries, from: number, score: number, cost: number): boolean {
    const bounds = this.#bounds;
    const { lambdas } = bounds;
    const { extra, extraCount } = arena;
    if (cost + (this.#least[0] as number) > (this.#most[0] as number)) return false;
    let bound = score - (lambdas[0] as number) * cost + this.#follow;
    let certain = cost + (this.#completion[0] as number) <= (this.#certain[0] as number);
    for (let k = 1; k <= extraCount; k++) {
      const sum = (extra[from * extraCount + k - 1] as number) + (this.#added[k] as number);
      if (sum + (this.#least[k] as number) > (this.#most[k] as number)) return false;
      bound -= (lambdas[k] as number) * sum;
      certain &&= sum + (this.#completion[k] as number) <= (this.#certain[k] as number);
    }
    if (bound < bounds.incumbent - bounds.slack) return false;
    if (certain && score + this.#completionValue > bounds.incumbent) {
      bounds.incumbent = score + this.#completionValue;
      this.reachable = { score: bounds.incumbent, from, option: this.#option, ...this.#continuation };
    }
    return true;
  }
}

/** Adds the staged entry unless an earlier one, which costs no more under the first limit, dominates it. */
function push(entries: Entries): void {
  const { count, score, cost, extra, extraCount } = entries;
  if (extraCount === 0) {
    if (count > 0 && (score[count - 1] as number) >= (score[count] as number)) return;
    if (count > 0 && cost[count - 1] === cost[count]) entries.replaceLast();
    else entries.count++;
    return;
  }
  for (let j = count - 1, last = Math.max(0, count - dominators); j >= last; j--) {
    if ((score[j] as number) < (score[count] as number)) continue;
    let k = 0;
    while (k < extraCount && (extra[j * extraCount + k] as number) <= (extra[count * extraCount + k] as number)) k++;
    if (k === extraCount) return;
  }
  entries.count++;
}
