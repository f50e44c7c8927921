import { InfeasibleBudgetError, InvalidRequestError } from '../errors/index.js';
import { type Architecture, architectureOf, type CostTable, type Decision } from '../space/index.js';
import type { Knapsack } from './bounds.js';
import { type FlatCosts, flatten } from './flat-costs.js';
import { type Layout, layoutOf } from './layout.js';
import { Search } from './search.js';

/** "The cost of the subnet by this table is at most this much", in the unit of the table's metric. */
export interface Limit {
  readonly table: CostTable;
  readonly most: number;
}

/**
 * The architecture with the greatest summed utility within all limits: a multiple-choice knapsack, exact but for the
 * requests that `Decoder.gap` tells of.
 *
 * The score of an architecture is the utility of its resolution plus, for every unit, the utility of its depth and of
 * the option of every *kept* block. Ties go to the architecture that is cheaper under the first limit, then under the
 * second, and so on. `architectureCost(limit.table, decisions, result) <= limit.most` always holds.
 *
 * @param utilities one per option in canonical order, finite
 * @throws InfeasibleBudgetError that names the limit which cannot be met, alone or together with as few others as possible
 */
export function decode(
  decisions: readonly Decision[],
  utilities: ArrayLike<number>,
  limits: readonly Limit[],
): Architecture {
  let decoder = decoders.get(decisions);
  if (!decoder) {
    decoder = new Decoder(decisions);
    decoders.set(decisions, decoder);
  }
  return decoder.decode(utilities, limits);
}

const decoders = new WeakMap<readonly Decision[], Decoder>();

/** `decode` for one search space, with its buffers and the flattened tables kept from call to call. */
export class Decoder {
  readonly #decisions: readonly Decision[];
  readonly #layout: Layout;
  readonly #searches = new Map<number, Search>();
  readonly #flattened = new WeakMap<CostTable, readonly FlatCosts[]>();
  readonly #values: Float64Array;
  readonly #chosen: Int32Array;
  readonly #costs: number[] = [];
  /** Stands in where there is no limit. */
  readonly #free: Limit;
  #score = 0;
  #gap = 0;

  constructor(decisions: readonly Decision[]) {
    this.#decisions = decisions;
    this.#layout = layoutOf(decisions);
    this.#values = new Float64Array(this.#layout.optionCount);
    this.#chosen = new Int32Array(decisions.length);
    this.#free = { table: freeTable(decisions), most: Number.POSITIVE_INFINITY };
  }

  /**
   * How far the last architecture's summed utility may be below the best possible: 0, but for requests with several
   * limits and utilities nearly proportional to costs, where an exact search could take minutes and gain next to nothing.
   */
  get gap(): number {
    return this.#gap;
  }

  /** See the function `decode`. */
  decode(utilities: ArrayLike<number>, limits: readonly Limit[]): Architecture {
    const { optionCount, resolutionOffset } = this.#layout;
    if (utilities.length !== optionCount) {
      throw new InvalidRequestError('utilities', utilities.length, `${optionCount} numbers, one per option`);
    }
    const values = this.#values;
    for (let i = 0; i < optionCount; i++) {
      const utility = utilities[i] as number;
      if (!Number.isFinite(utility)) throw new InvalidRequestError(`utilities[${i}]`, utility, 'a finite number');
      values[i] = utility;
    }
    for (const { table, most } of limits) {
      if (Number.isNaN(most)) throw new InvalidRequestError(table.metric, most, 'a number');
    }
    const found = this.#solve(
      () => values,
      (r) => values[resolutionOffset + r] as number,
      limits,
    );
    if (!found) throw this.#infeasible(limits);
    return architectureOf(this.#decisions, this.#chosen);
  }

  /**
   * The least that this limit's metric can be while `others` are kept.
   * @throws InfeasibleBudgetError if the others cannot be kept
   */
  minimum(table: CostTable, others: readonly Limit[] = []): number {
    const flat = this.#flatten(table);
    const negated = flat.map(({ costs }) => costs.map((cost) => 0 - cost));
    const found = this.#solve(
      (r) => negated[r] as Float64Array,
      (r) => 0 - (flat[r] as FlatCosts).base,
      others,
    );
    if (!found) throw this.#infeasible(others);
    return 0 - this.#score;
  }

  /** The best of all resolutions goes to `#chosen`, `#score` and `#costs`. */
  #solve(
    valuesAt: (resolution: number) => Float64Array,
    rootValueAt: (resolution: number) => number,
    given: readonly Limit[],
  ): boolean {
    const { resolutionCount } = this.#layout;
    const limits = given.length > 0 ? given : [this.#free];
    let search = this.#searches.get(limits.length);
    if (!search) {
      search = new Search(this.#layout, limits.length);
      this.#searches.set(limits.length, search);
    }
    let found = false;
    let upper = Number.NEGATIVE_INFINITY;
    for (let r = 0; r < resolutionCount; r++) {
      const knapsack: Knapsack = {
        values: valuesAt(r),
        rootValue: rootValueAt(r),
        limits: limits.map(({ table, most }) => ({ flat: this.#flatten(table)[r] as FlatCosts, most })),
      };
      const solved = search.solve(knapsack, found ? this.#score : Number.NEGATIVE_INFINITY);
      if (solved) upper = Math.max(upper, search.score + search.gap);
      const better =
        solved &&
        (!found || search.score > this.#score || (search.score === this.#score && this.#cheaper(search.costs)));
      if (better) {
        found = true;
        this.#keep(search, r);
      }
    }
    this.#gap = found ? Math.max(0, upper - this.#score) : 0;
    return found;
  }

  #keep({ score, costs, options, optionCount }: Search, resolution: number): void {
    const { decisionOfOption, resolutionOffset } = this.#layout;
    this.#score = score;
    this.#costs.length = 0;
    for (const cost of costs) this.#costs.push(cost);
    this.#chosen.fill(-1);
    const choose = (option: number) => {
      const decision = decisionOfOption[option] as number;
      this.#chosen[decision] = option - (this.#decisions[decision] as Decision).offset;
    };
    choose(resolutionOffset + resolution);
    for (let i = 0; i < optionCount; i++) choose(options[i] as number);
  }

  #cheaper(costs: Float64Array): boolean {
    for (let k = 0; k < costs.length; k++) {
      if (costs[k] !== this.#costs[k]) return (costs[k] as number) < (this.#costs[k] as number);
    }
    return false;
  }

  #flatten(table: CostTable): readonly FlatCosts[] {
    let flat = this.#flattened.get(table);
    if (!flat) {
      flat = flatten(this.#layout, table);
      this.#flattened.set(table, flat);
    }
    return flat;
  }

  /** The smallest group of limits that conflict: one alone, else two, else all up to the first that is too much. */
  #infeasible(limits: readonly Limit[]): Error {
    const conflict = (limit: Limit, others: readonly Limit[]) => {
      const minimum = this.minimum(limit.table, others);
      if (minimum <= limit.most) return undefined;
      const together = others.map(({ table, most }) => ({ metric: table.metric, most }));
      return new InfeasibleBudgetError(limit.table.metric, limit.most, minimum, together);
    };
    const earlier = limits.flatMap((limit, i) => limits.slice(0, i).map((other) => [limit, other] as const));
    const groups = [
      ...limits.map((limit) => [limit] as const),
      ...earlier,
      ...limits.map((limit, i) => [limit, ...limits.slice(0, i)] as const),
    ];
    for (const [limit, ...others] of groups) {
      const error = conflict(limit, others);
      if (error) return error;
    }
    return new Error('decode found no architecture although every limit can be kept');
  }
}

function freeTable(decisions: readonly Decision[]): CostTable {
  const blocks = decisions.flatMap(({ kind, options }) => (kind === 'block' ? [options.map(() => 0)] : []));
  const resolutions = decisions.flatMap(({ kind, options }) => (kind === 'resolution' ? options : []));
  return { metric: 'macs', base: resolutions.map(() => 0), blocks: resolutions.map(() => blocks) };
}
