import { Bounds, type Knapsack, type KnapsackLimit } from './bounds.js';
import { Entries } from './entries.js';
import { Extension } from './extension.js';
import type { Layout } from './layout.js';

/**
 * How many partial solutions per stage the passes keep; the first one that never had to drop any is exact. Utilities
 * nearly proportional to costs, under several limits, make exact frontiers grow without bound although all that they
 * hold is nearly as good: then the best solution of the last pass is taken, and `gap` says what it may lack.
 */
const passes = [24, 128, 512] as const;

/**
 * The exact search: dynamic programming over blocks in canonical order on Pareto frontiers of (score, costs). A
 * partial solution is dropped only if another one is at least as good and as cheap, if its cheapest completion breaks
 * a limit, or if its bound falls short of a score known to be reachable. Costs are added up in the order in which
 * `architectureCost` adds them, so that "within the limit" is about the very same number.
 */
export class Search {
  readonly #layout: Layout;
  readonly #bounds: Bounds;
  readonly #arena: Entries;
  readonly #extension: Extension;
  #current: Entries;
  #spare: Entries;
  #exits: Entries;
  /** Whether the last pass had to drop anything that might have mattered. */
  #trimmed = false;
  #found = false;

  /** The solution found last: score, cost per limit, and the chosen option of every kept block and of every unit. */
  score = 0;
  readonly costs: Float64Array;
  readonly options: Int32Array;
  optionCount = 0;
  /** No solution's score is larger than that of the one found by more than this; 0 where it is the best. */
  gap = 0;

  constructor(
    layout: Layout,
    readonly limitCount: number,
  ) {
    const extraCount = limitCount - 1;
    this.#layout = layout;
    this.#bounds = new Bounds(layout, limitCount);
    this.#arena = new Entries(extraCount);
    this.#current = new Entries(extraCount);
    this.#spare = new Entries(extraCount);
    this.#exits = new Entries(extraCount);
    this.#extension = new Extension(this.#bounds);
    this.costs = new Float64Array(limitCount);
    this.options = new Int32Array(layout.blockCount + layout.unitCount);
  }

  /** How many partial solutions the last `solve` kept: a measure of how hard it was. */
  get entryCount(): number {
    return this.#arena.count;
  }

  /**
   * @param incumbent a score that is reachable elsewhere; only solutions that reach it (or tie with it) matter
   * @returns whether there is such a solution within the limits; if so, `score`, `costs` and `options` are set
   */
  solve(knapsack: Knapsack, incumbent: number): boolean {
    const bounds = this.#bounds;
    this.#arena.count = 0;
    this.#found = false;
    this.gap = 0;
    if (!bounds.prepare(knapsack, incumbent)) return false;
    // Quick, incomplete passes find good scores to compare with; better multipliers then need such a score.
    for (const width of passes) {
      const start = this.#explore(knapsack, width);
      if (!this.#trimmed) {
        // Complete: whatever an earlier pass found is among these, or beaten by one of them.
        this.#found = false;
        return this.#finish(start, this.#arena.count, knapsack.limits);
      }
      this.#finish(start, this.#arena.count, knapsack.limits);
      this.#finishReachable(knapsack);
      if (this.limitCount > 1) bounds.refine(knapsack);
      if (!bounds.canImprove) return this.#found;
    }
    if (this.#found) {
      this.gap = Math.max(0, bounds.upper - this.score);
      return true;
    }
    // Nothing within the limits turned up, which proves nothing: only a complete pass can say that there is nothing.
    const start = this.#explore(knapsack, Number.POSITIVE_INFINITY);
    return this.#finish(start, this.#arena.count, knapsack.limits);
  }

  /**
   * Builds the frontiers of all stages in the arena.
   * @param width how many partial solutions to keep per stage, the most promising ones; without a limit it is exact
   * @returns where the last frontier starts
   */
  #explore(knapsack: Knapsack, width: number): number {
    const { unitCount, unitStart, exitOption, optionStart, optionEnd } = this.#layout;
    const arena = this.#arena;
    this.#plantRoot(knapsack);
    this.#extension.reachable = undefined;
    this.#trimmed = false;
    let start = 0;
    for (let u = 0; u < unitCount; u++) {
      this.#exits.count = 0;
      for (let b = unitStart[u] as number; b < (unitStart[u + 1] as number); b++) {
        const end = arena.count;
        this.#current.count = 0;
        for (let option = optionStart[b] as number; option < (optionEnd[b] as number); option++) {
          if (this.#fallsShort(knapsack, b, option)) continue;
          this.#extension.byBlock(knapsack, b, option);
          this.#current = this.#merge(this.#current, start, end);
        }
        this.#trim(this.#current, width);
        start = end;
        arena.append(this.#current);
        if (start === arena.count) break;
        const exit = exitOption[b] as number;
        if (exit < 0) continue;
        this.#extension.byDepth(knapsack, u, exit);
        this.#exits = this.#merge(this.#exits, start, arena.count);
      }
      this.#trim(this.#exits, width);
      start = arena.count;
      arena.append(this.#exits);
      if (start === arena.count) break;
    }
    return start;
  }

  #plantRoot({ rootValue, limits }: Knapsack): void {
    const arena = this.#arena;
    arena.count = 1;
    arena.parent[0] = -1;
    arena.score[0] = rootValue;
    for (let k = 0; k < this.limitCount; k++) {
      const { base } = (limits[k] as KnapsackLimit).flat;
      if (k === 0) arena.cost[0] = base;
      else arena.extra[k - 1] = base;
    }
  }

  /** Whether this option is so much worse than the block's best, after charges, that it uses up the whole gap. */
  #fallsShort({ values, limits }: Knapsack, block: number, option: number): boolean {
    const { lambdas, best, upper, incumbent, slack } = this.#bounds;
    let reduced = values[option] as number;
    for (let k = 0; k < this.limitCount; k++) {
      reduced -= (lambdas[k] as number) * ((limits[k] as KnapsackLimit).flat.costs[option] as number);
    }
    return upper - ((best[block] as number) - reduced) < incumbent - slack;
  }

  /** @returns the frontier with the extended entries [start, end) of the arena; the old one becomes the spare */
  #merge(frontier: Entries, start: number, end: number): Entries {
    const merged = this.#spare;
    this.#extension.merge(frontier, this.#arena, start, end, merged);
    this.#spare = frontier;
    return merged;
  }

  #trim(entries: Entries, width: number): void {
    if (entries.count <= width) return;
    entries.keepMostPromising(width, this.#bounds.lambdas);
    this.#trimmed = true;
  }

  /** The best score; among equals the cheapest under the first limit, then under the second, and so on. */
  #finish(start: number, end: number, limits: Knapsack['limits']): boolean {
    const arena = this.#arena;
    const extraCount = this.limitCount - 1;
    let found = -1;
    for (let i = start; i < end; i++) {
      if (!((arena.cost[i] as number) <= (limits[0] as KnapsackLimit).most)) continue;
      let within = true;
      for (let k = 0; k < extraCount; k++) {
        within &&= (arena.extra[i * extraCount + k] as number) <= (limits[k + 1] as KnapsackLimit).most;
      }
      if (within && (found < 0 || this.#precedes(i, found))) found = i;
    }
    if (found < 0 || (this.#found && !((arena.score[found] as number) > this.score))) return this.#found;
    this.score = arena.score[found] as number;
    this.costs[0] = arena.cost[found] as number;
    for (let k = 0; k < extraCount; k++) this.costs[k + 1] = arena.extra[found * extraCount + k] as number;
    this.optionCount = 0;
    this.#trace(found);
    this.#found = true;
    return true;
  }

  /** What was added on the way to an entry of the arena. */
  #trace(entry: number): void {
    const { parent, option } = this.#arena;
    for (let i = entry; (parent[i] as number) >= 0; i = parent[i] as number) {
      this.options[this.optionCount++] = option[i] as number;
    }
  }

  /**
   * The score that a pass proved reachable last, by a completion of the relaxation's, as a solution: its own entries may
   * have been dropped since.
   */
  #finishReachable({ limits, rootValue, values }: Knapsack): void {
    const { reachable } = this.#extension;
    if (!reachable || (this.#found && reachable.score <= this.score)) return;
    this.optionCount = 0;
    this.#trace(reachable.from);
    this.options[this.optionCount++] = reachable.option;
    this.optionCount = this.#bounds.complete(reachable, this.options, this.optionCount);
    // In canonical order, so that the sums are the very numbers that `architectureCost` gives.
    const chosen = this.options.subarray(0, this.optionCount).sort();
    this.score = chosen.reduce((sum, option) => sum + (values[option] as number), rootValue);
    limits.forEach(({ flat }, k) => {
      this.costs[k] = chosen.reduce((sum, option) => sum + (flat.costs[option] as number), flat.base);
    });
    this.#found = true;
  }

  #precedes(a: number, b: number): boolean {
    const { score, cost, extra, extraCount } = this.#arena;
    if (score[a] !== score[b]) return (score[a] as number) > (score[b] as number);
    if (cost[a] !== cost[b]) return (cost[a] as number) < (cost[b] as number);
    for (let k = 0; k < extraCount; k++) {
      const [x, y] = [extra[a * extraCount + k] as number, extra[b * extraCount + k] as number];
      if (x !== y) return x < y;
    }
    return false;
  }
}
