import { Bounds, type Knapsack, type KnapsackLimit } from './bounds.js';
import { Entries } from './frontier.js';
import type { Layout } from './layout.js';

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
  #current: Entries;
  #spare: Entries;
  #exits: Entries;
  /** Scratch of one transition: what an option adds, and what is still to come, under every limit but the first. */
  readonly #added: Float64Array;
  readonly #least: Float64Array;
  readonly #completion: Float64Array;

  /** The solution found last: score, cost per limit, and the chosen option of every kept block and of every unit. */
  score = 0;
  readonly costs: Float64Array;
  readonly options: Int32Array;
  optionCount = 0;

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
    this.#added = new Float64Array(extraCount);
    this.#least = new Float64Array(extraCount);
    this.#completion = new Float64Array(extraCount);
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
    const arena = this.#arena;
    arena.count = 0;
    if (!bounds.prepare(knapsack, incumbent)) return false;
    const { unitCount, unitStart, optionStart, optionEnd, exitOption } = this.#layout;
    const { values, limits } = knapsack;
    const { costs } = (limits[0] as KnapsackLimit).flat;
    const { lambdas, best } = bounds;

    arena.score[0] = knapsack.rootValue;
    for (let k = 0; k < this.limitCount; k++) {
      const { base } = (limits[k] as KnapsackLimit).flat;
      if (k === 0) arena.cost[0] = base;
      else arena.extra[k - 1] = base;
    }
    arena.parent[0] = -1;
    arena.count = 1;
    let start = 0;
    let end = 1;
    for (let u = 0; u < unitCount; u++) {
      this.#exits.count = 0;
      for (let b = unitStart[u] as number; b < (unitStart[u + 1] as number); b++) {
        this.#current.count = 0;
        for (let option = optionStart[b] as number; option < (optionEnd[b] as number); option++) {
          // What this option falls short of the block's best, after charges; it may not use up the whole gap.
          let reduced = (values[option] as number) - (lambdas[0] as number) * (costs[option] as number);
          for (let k = 1; k < this.limitCount; k++) {
            reduced -= (lambdas[k] as number) * ((limits[k] as KnapsackLimit).flat.costs[option] as number);
          }
          if (bounds.upper - ((best[b] as number) - reduced) < bounds.incumbent - bounds.slack) continue;
          this.#current = this.#merge(this.#current, start, end, option, knapsack, b, -1);
        }
        start = arena.count;
        arena.append(this.#current);
        end = arena.count;
        if (start === end) break;
        const exit = exitOption[b] as number;
        if (exit >= 0) this.#exits = this.#merge(this.#exits, start, end, exit, knapsack, -1, u + 1);
      }
      start = arena.count;
      arena.append(this.#exits);
      end = arena.count;
      if (start === end) return false;
    }
    return this.#finish(start, end, limits);
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
    if (found < 0) return false;
    this.score = arena.score[found] as number;
    this.costs[0] = arena.cost[found] as number;
    for (let k = 0; k < extraCount; k++) this.costs[k + 1] = arena.extra[found * extraCount + k] as number;
    this.optionCount = 0;
    for (let i = found; (arena.parent[i] as number) >= 0; i = arena.parent[i] as number) {
      this.options[this.optionCount++] = arena.option[i] as number;
    }
    return true;
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

  /**
   * Merges a frontier with the arena's entries [start, end), each extended by an option; what is dominated, infeasible
   * or out of bounds is dropped. The option belongs to a block (`block` >= 0) or ends a unit (`unit` is the next one).
   *
   * @returns the merged frontier, which is the spare buffer; `frontier` becomes the spare
   */
  #merge(
    frontier: Entries,
    start: number,
    end: number,
    option: number,
    { values, limits }: Knapsack,
    block: number,
    unit: number,
  ): Entries {
    const bounds = this.#bounds;
    const arena = this.#arena;
    const merged = this.#spare;
    merged.reserve(frontier.count + end - start);
    const extraCount = this.limitCount - 1;
    const first = limits[0] as KnapsackLimit;
    const inUnit = block >= 0;
    const value = values[option] as number;
    const cost = first.flat.costs[option] as number;
    const most = first.most + (bounds.margin[0] as number);
    const least = (inUnit ? first.flat.leastAfterBlock[block] : first.flat.leastFromUnit[unit]) as number;
    const lambda = bounds.lambdas[0] as number;
    const follow = bounds.limitValue + ((inUnit ? bounds.afterBlock[block] : bounds.fromUnit[unit]) as number);
    const completionValue = (inUnit ? bounds.valueAfterBlock[block] : bounds.valueFromUnit[unit]) as number;
    const completions = inUnit ? bounds.costAfterBlock : bounds.costFromUnit;
    const completionAt = (inUnit ? block : unit) * this.limitCount;
    const completionRoom = first.most - (bounds.margin[0] as number) - (completions[completionAt] as number);
    for (let k = 0; k < extraCount; k++) {
      const { flat } = limits[k + 1] as KnapsackLimit;
      this.#added[k] = flat.costs[option] as number;
      this.#least[k] = (inUnit ? flat.leastAfterBlock[block] : flat.leastFromUnit[unit]) as number;
      this.#completion[k] = completions[completionAt + k + 1] as number;
    }
    let threshold = bounds.incumbent - bounds.slack;
    let count = 0;
    let i = 0;
    let p = start;
    const { score: oldScore, cost: oldCost, extra: oldExtra } = frontier;
    const { score: newScore, cost: newCost, extra: newExtra, parent: newParent, option: newOption } = merged;
    const { score: arenaScore, cost: arenaCost, extra: arenaExtra } = arena;
    while (i < frontier.count || p < end) {
      const s = p < end ? (arenaScore[p] as number) + value : 0;
      const c = p < end ? (arenaCost[p] as number) + cost : Number.POSITIVE_INFINITY;
      // At equal cost, the better score goes first.
      const takeOld =
        i < frontier.count &&
        (p >= end || (oldCost[i] as number) < c || (oldCost[i] === c && (oldScore[i] as number) >= s));
      let score: number;
      let total: number;
      let from: number;
      if (takeOld) {
        score = oldScore[i] as number;
        total = oldCost[i] as number;
        from = i++;
      } else {
        score = s;
        total = c;
        from = p++;
        if (total + least > most) continue;
        let bound = score - lambda * total + follow;
        let complete = total <= completionRoom;
        let feasible = true;
        for (let k = 0; k < extraCount; k++) {
          const limit = (limits[k + 1] as KnapsackLimit).most;
          const margin = bounds.margin[k + 1] as number;
          const sum = (arenaExtra[from * extraCount + k] as number) + (this.#added[k] as number);
          bound -= (bounds.lambdas[k + 1] as number) * sum;
          complete &&= sum + (this.#completion[k] as number) <= limit - margin;
          feasible &&= sum + (this.#least[k] as number) <= limit + margin;
        }
        if (!feasible || bound < threshold) continue;
        if (complete && score + completionValue > bounds.incumbent) {
          bounds.incumbent = score + completionValue;
          threshold = bounds.incumbent - bounds.slack;
        }
      }
      // Everything before costs no more under the first limit.
      if (extraCount === 0) {
        if (count > 0 && (newScore[count - 1] as number) >= score) continue;
        if (count > 0 && newCost[count - 1] === total) count--;
      } else {
        const origin = takeOld ? oldExtra : arenaExtra;
        for (let k = 0; k < extraCount; k++) {
          const sum = (origin[from * extraCount + k] as number) + (takeOld ? 0 : (this.#added[k] as number));
          newExtra[count * extraCount + k] = sum;
        }
        let dominated = false;
        for (let j = count - 1; j >= 0 && !dominated; j--) {
          if ((newScore[j] as number) < score) continue;
          dominated = true;
          for (let k = 0; k < extraCount; k++) {
            if ((newExtra[j * extraCount + k] as number) > (newExtra[count * extraCount + k] as number))
              dominated = false;
          }
        }
        if (dominated) continue;
      }
      newScore[count] = score;
      newCost[count] = total;
      newParent[count] = takeOld ? (frontier.parent[from] as number) : from;
      newOption[count] = takeOld ? (frontier.option[from] as number) : option;
      count++;
    }
    merged.count = count;
    this.#spare = frontier;
    return merged;
  }
}
