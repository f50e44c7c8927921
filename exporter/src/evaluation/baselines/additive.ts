import { Decoder } from '@easel/sdk/generator';
import { encodeArchitecture } from '@easel/sdk/space';
import { AdditiveModel } from '../../generator/additive.js';
import { ClassScorer } from '../../generator/class-scores.js';
import type { LogitsTable } from '../../generator/logits-table.js';
import type { Baseline, BaselineContext } from './baseline.js';

/** (e) Additive utilities of all classes, in closed form, decoded by the exact knapsack: the same for every task. */
export function additiveUtilities({ decisions }: BaselineContext, table: LogitsTable): Baseline {
  const all = Array.from({ length: table.classes }, (_, index) => index);
  const [likelihood] = new ClassScorer(table, 1).score(all).likelihood;
  const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
  const utilities = new AdditiveModel(rows).fit(likelihood as Float64Array);
  const decoder = new Decoder(decisions);
  return {
    name: 'additive utilities',
    choose: async ({ table: costs, most }) => decoder.decode(utilities, [{ table: costs, most }]),
  };
}
