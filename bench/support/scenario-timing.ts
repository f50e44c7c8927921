import type { Easel, Request } from '@easel/sdk';
import { CostTables, costRange } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import { decisionsOf } from '@easel/sdk/space';

export interface ScenarioTimes {
  /** By device. */
  readonly requests: readonly (readonly Request[])[];
  /** Drawn requests that no subnet could meet. */
  readonly infeasible: number;
  /** The first time, in ms; then each of the others. */
  readonly cold: number;
  readonly times: readonly number[];
}

/** From requests to decoded architectures, all of a device's in one call: in Node and in pages. */
export async function timeScenarios(easels: readonly Easel[], count: number, repeats: number): Promise<ScenarioTimes> {
  const random = new Random(1);
  const drawn = easels.map((easel) => drawRequests(easel, count / easels.length, random));
  const requests = drawn.map(({ feasible }) => feasible);
  const once = async () => {
    const start = performance.now();
    for (const [i, easel] of easels.entries()) await easel.architectures(requests[i] as readonly Request[]);
    return performance.now() - start;
  };
  const cold = await once();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) times.push(await once());
  return { requests, infeasible: drawn.reduce((sum, { replaced }) => sum + replaced, 0), cold, times };
}

/**
 * One or two tasks, and a latency anywhere between a little under the cheapest subnet's and the most expensive's. A
 * request that no subnet can meet is answered by an error; here it is counted and replaced.
 */
function drawRequests(easel: Easel, wanted: number, random: Random): { feasible: Request[]; replaced: number } {
  const table = new CostTables(easel.space, easel.profile).get('latencyMs', easel.classes.length);
  const { smallest, largest } = costRange(decisionsOf(easel.space), table);
  const feasible: Request[] = [];
  let replaced = 0;
  while (feasible.length < wanted) {
    const tasks = random.shuffle(Object.keys(easel.tasks)).slice(0, 1 + random.integer(2));
    const latencyMs = random.uniform(0.97 * smallest, largest);
    // Nothing is decoded here, so that the first timed run is a process's first.
    if (latencyMs < smallest) replaced++;
    else feasible.push({ tasks, budget: { latencyMs } });
  }
  return { feasible, replaced };
}
