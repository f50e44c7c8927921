import type { CostTable } from '../space/index.js';
import type { Layout } from './layout.js';
import { Relaxation } from './relaxation.js';

/** A cost table at one resolution, aligned with the utilities. */
export interface FlatCosts {
  readonly base: number;
  /** What each option adds, by absolute option index; a resolution or depth adds nothing by itself. */
  readonly costs: Float64Array;
  /** The least that must still be added: after keeping block b, and from the start of unit u. */
  readonly leastAfterBlock: Float64Array;
  readonly leastFromUnit: Float64Array;
  /** Base and blocks of the cheapest architecture (up to rounding: the order of summation is not canonical). */
  readonly least: number;
}

/** @returns one per resolution */
export function flatten(layout: Layout, table: CostTable): readonly FlatCosts[] {
  const relaxation = new Relaxation(layout);
  return table.base.map((base, r) => {
    const costs = new Float64Array(layout.optionCount);
    for (let block = 0; block < layout.blockCount; block++) {
      costs.set(table.blocks[r]?.[block] as readonly number[], layout.optionStart[block] as number);
    }
    relaxation.sweep(costs, 0, costs, 1);
    return {
      base,
      costs,
      leastAfterBlock: relaxation.afterBlock.map((reduced) => -reduced),
      leastFromUnit: relaxation.fromUnit.map((reduced) => -reduced),
      least: base + relaxation.cost,
    };
  });
}
