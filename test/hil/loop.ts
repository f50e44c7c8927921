import type { GridCase, GridResult } from '@easel/exporter/agent';
import { Easel } from '@easel/sdk';
import { type DeviceProfile, predictLatency } from '@easel/sdk/profile';
import { formatArchitecture, largestArchitecture, smallestArchitecture } from '@easel/sdk/space';

/** Budgets of a bundle's tasks on a device, each to be specialized for when its turn comes. */
export interface BudgetGrid {
  readonly cases: readonly GridCase[];
  close(): Promise<void>;
}

/** Every task of the bundle at budgets spread between the fastest and the slowest subnet. */
export async function openGrid(bundle: string, profile: DeviceProfile, budgetsPerTask: number): Promise<BudgetGrid> {
  const easel = await Easel.load(bundle, { device: profile });
  const [least, most] = [smallestArchitecture, largestArchitecture].map((extreme) =>
    predictLatency(profile, easel.space, extreme(easel.space)),
  ) as [number, number];
  const budgets = Array.from(
    { length: budgetsPerTask },
    (_, i) => least + ((most - least) * (i + 0.5)) / budgetsPerTask,
  );
  const choose = async (task: string, latencyMs: number) => {
    // Where a slow moment leaves room for no subnet, the smallest is what an application would still run.
    const feasible = Math.max(latencyMs, least * (1 + 1e-6));
    const classifier = await easel.specialize({ tasks: [task], budget: { latencyMs: feasible } });
    const { architecture, predicted } = classifier;
    const subject = { model: classifier.toOnnx(), resolution: architecture.resolution };
    await classifier.dispose();
    return { architecture: formatArchitecture(architecture), predictedMs: predicted.latencyMs as number, subject };
  };
  return {
    cases: Object.keys(easel.tasks).flatMap((task) =>
      budgets.map((budgetMs) => ({ task, budgetMs, choose: (latencyMs: number) => choose(task, latencyMs) })),
    ),
    close: () => easel.dispose(),
  };
}

export function resultsTable(results: readonly GridResult[]): string {
  const titles = ['budget', 'predicted', 'measured', 'scale', 'tries'].map((text) => text.padStart(10));
  const lines = results.map(
    ({ task, budgetMs, architecture, predictedMs, measuredMs, correction, attempts, holds }) => [
      task.padEnd(20),
      ...[budgetMs, predictedMs, measuredMs].map((ms) => `${ms.toFixed(3)} ms`.padStart(10)),
      correction.toFixed(2).padStart(10),
      `${attempts}`.padStart(10),
      (holds ? '' : 'over').padEnd(4),
      architecture,
    ],
  );
  return [['task'.padEnd(20), ...titles], ...lines].map((line) => `      ${line.join('  ')}`).join('\n');
}
