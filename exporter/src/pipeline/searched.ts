import type { Bundle } from '@easel/sdk/bundle';
import type { CostTables } from '@easel/sdk/generator';
import { type Architecture, decisionsOf, type Metric } from '@easel/sdk/space';
import { type BaselineContext, onceForAll, taskSearch } from '../evaluation/baselines/index.js';
import { openBundlePredictor } from '../evaluation/index.js';

/** A task and a budget that the generator was asked for. */
export interface Asked {
  readonly task: string;
  readonly budget: number;
}

export interface Searched extends Asked {
  readonly subnet: 'searched for the task' | 'searched for all classes';
  readonly architecture: Architecture;
}

/**
 * What evolutionary searches find for the same tasks and budgets, through the bundle's accuracy predictor alone; none
 * where the bundle has no predictor.
 */
export async function searchAlike(
  bundle: Bundle,
  tables: CostTables,
  metric: Metric,
  asked: readonly Asked[],
  onProgress: (done: number, total: number) => void,
): Promise<Searched[]> {
  const predictor = await openBundlePredictor(bundle);
  if (!predictor) return [];
  const { space, classes, tasks } = bundle.manifest;
  const context: BaselineContext = {
    space,
    decisions: decisionsOf(space),
    seed: 0,
    predict: predictor.predict,
    measure: () => Promise.reject(new Error('these searches see no images')),
  };
  const searches = [
    { subnet: 'searched for the task', baseline: taskSearch(context, 0) },
    { subnet: 'searched for all classes', baseline: onceForAll(context, classes.length) },
  ] as const;
  const found: Searched[] = [];
  try {
    for (const { task, budget } of asked) {
      const members = (tasks[task] as readonly string[]).map((name) => classes.indexOf(name)).sort((a, b) => a - b);
      const cell = { task, classes: members, device: metric, table: tables.get(metric, members.length), most: budget };
      for (const { subnet, baseline } of searches) {
        found.push({ task, budget, subnet, architecture: await baseline.choose(cell) });
        onProgress(found.length, searches.length * asked.length);
      }
    }
  } finally {
    await predictor.dispose();
  }
  return found;
}
