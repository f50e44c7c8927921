import type { Architecture } from '@easel/sdk/space';
import type { LogitsTable } from '../../generator/logits-table.js';
import { taskAccuracy } from '../accuracy.js';
import { type Baseline, type BaselineContext, type Cell, isWithin } from './baseline.js';

/** (a) The best of the measured random subnets within the budget, by their accuracy on the task's validation images. */
export function randomSearch({ decisions }: BaselineContext, table: LogitsTable): Baseline {
  const known = new Map<string, readonly number[]>();
  const accuracies = ({ classes }: Cell) => {
    const key = classes.join();
    const found =
      known.get(key) ?? table.logits.map((logits) => taskAccuracy({ logits, labels: table.labels }, classes));
    known.set(key, found);
    return found;
  };
  return {
    name: 'random search',
    async choose(cell) {
      const own = accuracies(cell);
      let best = -1;
      table.architectures.forEach((architecture, i) => {
        if (!isWithin(cell, decisions, architecture)) return;
        if (best < 0 || (own[i] as number) > (own[best] as number)) best = i;
      });
      // The smallest subnet is always among the measured ones.
      return table.architectures[best] as Architecture;
    },
  };
}
