import type { FlatCosts } from './flat-costs.js';
import type { Layout } from './layout.js';
import { Relaxation } from './relaxation.js';

/** One resolution's knapsack: maximize the summed values of the chosen options, every summed cost <= its `most`. */
export interface Knapsack {
  /** By absolute option index. */
  readonly values: Float64Array;
  readonly rootValue: number;
  readonly limits: readonly KnapsackLimit[];
}

export interface KnapsackLimit {
  readonly flat: FlatCosts;
  readonly most: number;
}

/** Where a completion starts. */
export interface Continuation {
  readonly afterBlock?: number;
  readonly fromUnit?: number;
}

/** How often the multipliers of several limits are improved in turn; any multipliers give a valid bound. */
const rounds = 3;

/** Subgradient steps, and what shortens them if one did not help. */
const refinements = 40;
const shortening = 0.6;

/** Relative room for rounding errors: a partial solution is pruned only if it is worse by more than this. */
const rounding = 1e-12;

/** How far any partial solution can get at most, and a score to compare that with. */
export class Bounds {
  readonly #layout: Layout;
  readonly #relaxation: Relaxation;
  readonly #adjusted: Float64Array;
  readonly #bestLambdas: Float64Array;
  readonly #direction: Float64Array;
  /** No sum of values is larger: what their rounding errors are relative to. */
  #magnitude = 0;

  /** Per limit, what a unit of cost is charged. */
  readonly lambdas: Float64Array;
  /** Per limit, how far rounding might carry a sum of costs. */
  readonly margin: Float64Array;
  /** Bound on a partial solution: score - charged costs + `limitValue` + afterBlock[b] (or fromUnit[u]). */
  limitValue = 0;
  /** Bound on every solution of the knapsack. */
  upper = 0;
  /** A score known to be reachable; a partial solution whose bound is below `incumbent - slack` is useless. */
  incumbent = Number.NEGATIVE_INFINITY;
  slack = 0;
  /** The completion that the relaxation prefers: its value, and its costs (`limitCount` numbers each). */
  readonly valueAfterBlock: Float64Array;
  readonly valueFromUnit: Float64Array;
  readonly costAfterBlock: Float64Array;
  readonly costFromUnit: Float64Array;

  constructor(
    layout: Layout,
    readonly limitCount: number,
  ) {
    const { blockCount, unitCount, optionCount } = layout;
    this.#layout = layout;
    this.#relaxation = new Relaxation(layout);
    this.#adjusted = new Float64Array(optionCount);
    this.#bestLambdas = new Float64Array(limitCount);
    this.#direction = new Float64Array(limitCount);
    this.lambdas = new Float64Array(limitCount);
    this.margin = new Float64Array(limitCount);
    this.valueAfterBlock = new Float64Array(blockCount);
    this.valueFromUnit = new Float64Array(unitCount + 1);
    this.costAfterBlock = new Float64Array(blockCount * limitCount);
    this.costFromUnit = new Float64Array((unitCount + 1) * limitCount);
  }

  get afterBlock(): Float64Array {
    return this.#relaxation.afterBlock;
  }

  get fromUnit(): Float64Array {
    return this.#relaxation.fromUnit;
  }

  /** Per block, the most that any of its options is worth after its charge. */
  get best(): Float64Array {
    return this.#relaxation.best;
  }

  /**
   * @param incumbent a score known to be reachable elsewhere (at another resolution)
   * @returns false if some limit cannot be met, or nothing here can reach the incumbent
   */
  prepare(knapsack: Knapsack, incumbent: number): boolean {
    const { limits, values } = knapsack;
    this.incumbent = incumbent;
    this.#magnitude = Math.abs(knapsack.rootValue);
    for (let i = 0; i < values.length; i++) this.#magnitude += Math.abs(values[i] as number);
    for (let k = 0; k < this.limitCount; k++) {
      const { flat, most } = limits[k] as KnapsackLimit;
      const margin = rounding * (Math.abs(flat.least) + (most < Number.POSITIVE_INFINITY ? Math.abs(most) : 0));
      if (flat.least > most + margin) return false;
      this.margin[k] = margin;
    }
    if (this.limitCount === 1) this.#chooseMultiplier(knapsack);
    else this.#chooseMultipliers(knapsack);
    this.#settle(knapsack);
    return this.canImprove;
  }

  /** Whether anything can still reach the incumbent. */
  get canImprove(): boolean {
    return this.upper >= this.incumbent - this.slack;
  }

  /** Derives everything else from the multipliers and the relaxation's last sweep, which used them. */
  #settle(knapsack: Knapsack): void {
    const { rootValue, limits } = knapsack;
    this.limitValue = 0;
    let chargedBase = 0;
    for (let k = 0; k < this.limitCount; k++) {
      const lambda = this.lambdas[k] as number;
      if (lambda === 0) continue;
      const { flat, most } = limits[k] as KnapsackLimit;
      this.limitValue += lambda * most;
      chargedBase += lambda * flat.base;
    }
    const fromRoot = this.fromUnit[0] as number;
    this.upper = rootValue - chargedBase + this.limitValue + fromRoot;
    this.slack = rounding * (this.#magnitude + chargedBase + this.limitValue + Math.abs(fromRoot));
    this.#complete(knapsack);
  }

  /**
   * Lowers the bound of several limits by subgradient steps towards the incumbent (Held, Wolfe, Crowder 1974), which
   * start at the best multipliers so far and get shorter whenever they do not help.
   */
  refine(knapsack: Knapsack): void {
    const { limits } = knapsack;
    const { lambdas, limitCount } = this;
    const bestLambdas = this.#bestLambdas;
    const direction = this.#direction;
    let best = this.upper;
    bestLambdas.set(lambdas);
    let length = 1;
    for (let step = 0; step < refinements; step++) {
      // The subgradient: how far the relaxation's solution stays below each limit, relative to the limit.
      let norm = 0;
      for (let k = 0; k < limitCount; k++) {
        const { flat, most } = limits[k] as KnapsackLimit;
        const below = (most - flat.base - (this.costFromUnit[k] as number)) / most;
        direction[k] = !Number.isFinite(below) || (below > 0 && lambdas[k] === 0) ? 0 : below;
        norm += (direction[k] as number) ** 2;
      }
      const distance = this.upper - this.incumbent;
      if (!(norm > 0 && distance > 0)) break;
      for (let k = 0; k < limitCount; k++) {
        if (direction[k] === 0) continue;
        const { most } = limits[k] as KnapsackLimit;
        const change = (length * distance * (direction[k] as number)) / norm / most;
        lambdas[k] = Math.max(0, (lambdas[k] as number) - change);
      }
      this.#charge(knapsack);
      if (this.upper < best) {
        best = this.upper;
        bestLambdas.set(lambdas);
      } else {
        length *= shortening;
        if (step % 4 === 3) {
          lambdas.set(bestLambdas);
          this.#charge(knapsack);
        }
      }
    }
    lambdas.set(bestLambdas);
    this.#charge(knapsack);
  }

  /** Sweeps with all multipliers at once. */
  #charge(knapsack: Knapsack): void {
    this.#adjust(knapsack, -1);
    this.#relaxation.sweep(this.#adjusted, 1, this.#adjusted, 0);
    this.#settle(knapsack);
  }

  /** Writes the options that the relaxation prefers after a block, or from a unit on, to `options` at `count`. */
  complete({ afterBlock, fromUnit }: Continuation, options: Int32Array, count: number): number {
    const { unitCount, unitStart, exitOption } = this.#layout;
    const { bestOption, stops } = this.#relaxation;
    let written = count;
    let unit = fromUnit ?? 0;
    let block = unitStart[unit] as number;
    if (afterBlock !== undefined) {
      while ((unitStart[unit + 1] as number) <= afterBlock) unit++;
      block = afterBlock;
    } else if (unit < unitCount) options[written++] = bestOption[block] as number;
    while (unit < unitCount) {
      while (!stops[block]) options[written++] = bestOption[++block] as number;
      options[written++] = exitOption[block] as number;
      block = unitStart[++unit] as number;
      if (unit < unitCount) options[written++] = bestOption[block] as number;
    }
    return written;
  }

  #chooseMultiplier({ values, rootValue, limits }: Knapsack): void {
    const { flat, most } = limits[0] as KnapsackLimit;
    const relaxation = this.#relaxation;
    const feasible = relaxation.tighten(values, flat.costs, most - flat.base);
    this.lambdas[0] = feasible ? relaxation.lambda : 0;
    // If rounding alone makes the limit unreachable, charge nothing and leave the matter to the search.
    if (!feasible) relaxation.sweep(values, 1, flat.costs, 0);
    else if (flat.base + relaxation.lightCost <= most - (this.margin[0] as number)) {
      this.incumbent = Math.max(this.incumbent, rootValue + relaxation.lightValue);
    }
  }

  /** Coordinate descent: each limit's multiplier in turn, the others' charges subtracted from the values. */
  #chooseMultipliers(knapsack: Knapsack): void {
    const relaxation = this.#relaxation;
    this.lambdas.fill(0);
    for (let round = 0; round < rounds; round++) {
      let changed = false;
      for (let k = 0; k < this.limitCount; k++) {
        this.#adjust(knapsack, k);
        const { flat, most } = knapsack.limits[k] as KnapsackLimit;
        const feasible = relaxation.tighten(this.#adjusted, flat.costs, most - flat.base);
        if (!feasible) relaxation.sweep(this.#adjusted, 1, flat.costs, 0);
        changed ||= this.lambdas[k] !== relaxation.lambda;
        this.lambdas[k] = relaxation.lambda;
      }
      if (!changed) break;
    }
  }

  /** The values less all charges but those of one limit. */
  #adjust({ values, limits }: Knapsack, except: number): void {
    const adjusted = this.#adjusted;
    adjusted.set(values);
    for (let k = 0; k < this.limitCount; k++) {
      const lambda = this.lambdas[k] as number;
      if (k === except || lambda === 0) continue;
      const { costs } = (limits[k] as KnapsackLimit).flat;
      for (let i = 0; i < adjusted.length; i++) adjusted[i] = (adjusted[i] as number) - lambda * (costs[i] as number);
    }
  }

  /** Adds up value and costs along the choices of the relaxation, backwards. */
  #complete({ values, limits }: Knapsack): void {
    const { unitCount, unitStart, exitOption } = this.#layout;
    const { bestOption, stops } = this.#relaxation;
    const { valueAfterBlock, valueFromUnit, costAfterBlock, costFromUnit, limitCount } = this;
    for (let u = unitCount - 1; u >= 0; u--) {
      const first = unitStart[u] as number;
      for (let b = (unitStart[u + 1] as number) - 1; b >= first; b--) {
        const next = bestOption[b + 1] as number;
        valueAfterBlock[b] = stops[b]
          ? (values[exitOption[b] as number] as number) + (valueFromUnit[u + 1] as number)
          : (values[next] as number) + (valueAfterBlock[b + 1] as number);
      }
      const start = bestOption[first] as number;
      valueFromUnit[u] = (values[start] as number) + (valueAfterBlock[first] as number);
      for (let k = 0; k < limitCount; k++) {
        const { costs } = (limits[k] as KnapsackLimit).flat;
        for (let b = (unitStart[u + 1] as number) - 1; b >= first; b--) {
          costAfterBlock[b * limitCount + k] = stops[b]
            ? (costFromUnit[(u + 1) * limitCount + k] as number)
            : (costs[bestOption[b + 1] as number] as number) + (costAfterBlock[(b + 1) * limitCount + k] as number);
        }
        costFromUnit[u * limitCount + k] =
          (costs[start] as number) + (costAfterBlock[first * limitCount + k] as number);
      }
    }
  }
}
