import type { Architecture } from '@easel/sdk/space';
import { type Baseline, type BaselineContext, isWithin, randomOf } from './baseline.js';
import { type EvolutionSettings, evolve } from './evolution.js';

/**
 * (b) Once-for-All as its users would do it: one evolutionary search per budget for all classes, through an accuracy
 * predictor. The subnet is then used for every task, its logits restricted to the task's classes. For the full
 * comparison its context is that of a supernet trained without task dropout.
 */
export function onceForAll(context: BaselineContext, classes: number, settings?: EvolutionSettings): Baseline {
  const all = Array.from({ length: classes }, (_, index) => index);
  const known = new Map<string, Promise<Architecture>>();
  return {
    name: 'Once-for-All',
    choose(cell) {
      const key = `${cell.device} ${cell.most}`;
      const search = async () => {
        const [best] = await evolve(
          context.space,
          context.decisions,
          (architecture) => isWithin(cell, context.decisions, architecture),
          (architectures) => context.predict(all, architectures),
          randomOf(context, { ...cell, task: 'all' }),
          settings,
        );
        return (best as { architecture: Architecture }).architecture;
      };
      const found = known.get(key) ?? search();
      known.set(key, found);
      return found;
    },
  };
}
