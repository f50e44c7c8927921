import type { Layout } from './layout.js';

/**
 * The knapsack without its limit: every unit of cost is charged `lambda` instead (Lagrangian relaxation), so that
 * blocks and depths can be chosen independently. One backward sweep solves it; whatever it finds bounds the real
 * problem from above (Kellerer, Pferschy, Pisinger: Knapsack Problems, 2004, chapter 11).
 */
export class Relaxation {
  readonly #layout: Layout;
  /** Per block, the best option (absolute index) and its value less its charged cost. */
  readonly bestOption: Int32Array;
  readonly best: Float64Array;
  /** Per block, whether its unit ends after it (only meaningful if the block is reached). */
  readonly stops: Uint8Array;
  /** The best value less charged cost that can follow: after keeping block b, and from the start of unit u. */
  readonly afterBlock: Float64Array;
  readonly fromUnit: Float64Array;
  /** Value and cost of the solution found last. */
  value = 0;
  cost = 0;
  lambda = 0;
  lightValue = 0;
  lightCost = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.bestOption = new Int32Array(layout.blockCount);
    this.best = new Float64Array(layout.blockCount);
    this.stops = new Uint8Array(layout.blockCount);
    this.afterBlock = new Float64Array(layout.blockCount);
    this.fromUnit = new Float64Array(layout.unitCount + 1);
  }

  /** Maximizes `weight * values - lambda * costs`; ties go to the cheaper. `values` and `costs` by absolute index. */
  sweep(values: Float64Array, weight: 0 | 1, costs: Float64Array, lambda: number): void {
    const { unitCount, unitStart, optionStart, optionEnd, exitOption } = this.#layout;
    // Bound, value and cost of the best way to go on: from the next unit, and from the next block of this unit.
    let nextBound = 0;
    let nextValue = 0;
    let nextCost = 0;
    this.fromUnit[unitCount] = 0;
    for (let u = unitCount - 1; u >= 0; u--) {
      const first = unitStart[u] as number;
      const last = (unitStart[u + 1] as number) - 1;
      let onBound = Number.NEGATIVE_INFINITY;
      let onValue = 0;
      let onCost = 0;
      for (let b = last; b >= first; b--) {
        const exit = exitOption[b] as number;
        if (exit >= 0) {
          const exitValue = values[exit] as number;
          const exitBound = weight * exitValue + nextBound;
          if (exitBound > onBound || (exitBound === onBound && nextCost < onCost)) {
            onBound = exitBound;
            onValue = exitValue + nextValue;
            onCost = nextCost;
            this.stops[b] = 1;
          } else this.stops[b] = 0;
        } else this.stops[b] = 0;
        this.afterBlock[b] = onBound;

        const end = optionEnd[b] as number;
        let option = optionStart[b] as number;
        let cost = costs[option] as number;
        let best = weight * (values[option] as number) - lambda * cost;
        for (let i = option + 1; i < end; i++) {
          const c = costs[i] as number;
          const reduced = weight * (values[i] as number) - lambda * c;
          if (reduced > best || (reduced === best && c < cost)) {
            best = reduced;
            option = i;
            cost = c;
          }
        }
        this.bestOption[b] = option;
        this.best[b] = best;
        onBound += best;
        onValue += values[option] as number;
        onCost += cost;
      }
      nextBound = onBound;
      nextValue = onValue;
      nextCost = onCost;
      this.fromUnit[u] = nextBound;
    }
    this.value = nextValue;
    this.cost = nextCost;
    this.lambda = lambda;
  }

  /**
   * Sweeps at the lambda >= 0 that gives the least upper bound for "cost <= most": the slope between the best
   * solutions known on either side of the limit, until no solution lies above the line through both. `lightValue`
   * and `lightCost` are then those of the solution within the limit.
   *
   * @returns false if nothing is within the limit
   */
  tighten(values: Float64Array, costs: Float64Array, most: number): boolean {
    this.sweep(values, 1, costs, 0);
    let heavyValue = this.value;
    let heavyCost = this.cost;
    if (heavyCost > most) this.sweep(values, 0, costs, 1);
    this.lightValue = this.value;
    this.lightCost = this.cost;
    if (heavyCost <= most) return true;
    if (this.cost > most) return false;
    // Every round finds a new corner of the concave hull of (cost, value); the cap only guards against rounding.
    for (let round = 0; round < 100; round++) {
      const lambda = Math.max(0, (heavyValue - this.lightValue) / (heavyCost - this.lightCost));
      this.sweep(values, 1, costs, lambda);
      const line = this.lightValue - lambda * this.lightCost;
      const above = this.value - lambda * this.cost - line;
      if (above <= 1e-12 * (Math.abs(line) + Math.abs(this.lightValue))) break;
      if (this.cost <= most) {
        this.lightValue = this.value;
        this.lightCost = this.cost;
      } else {
        heavyValue = this.value;
        heavyCost = this.cost;
      }
    }
    return true;
  }
}
