import type { Architecture } from '@easel/sdk/space';
import { type Baseline, type BaselineContext, isWithin, randomOf } from './baseline.js';
import { type EvolutionSettings, evolve } from './evolution.js';

/**
 * (c) An evolutionary search of its own for every task, budget and device, through the predictor; the best are scored
 * again on the task's validation images.
 * @param rescored how many; 0 trusts the predictor
 */
export function taskSearch(context: BaselineContext, rescored = 10, settings?: EvolutionSettings): Baseline {
  return {
    name: 'task search',
    async choose(cell) {
      const found = await evolve(
        context.space,
        context.decisions,
        (architecture) => isWithin(cell, context.decisions, architecture),
        (architectures) => context.predict(cell.classes, architectures),
        randomOf(context, cell),
        settings,
      );
      let best = found[0] as (typeof found)[number];
      let highest = Number.NEGATIVE_INFINITY;
      for (const candidate of found.slice(0, rescored)) {
        const accuracy = await context.measure(cell.classes, candidate.architecture);
        if (accuracy > highest) [best, highest] = [candidate, accuracy];
      }
      return best.architecture as Architecture;
    },
  };
}
