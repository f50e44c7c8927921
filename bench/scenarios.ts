import { parseArgs } from 'node:util';
import { Easel, InfeasibleBudgetError, type Request } from '@easel/sdk';
import { Random } from '@easel/sdk/random';
import { type Benchmark, median, rounded } from './benchmark.js';

const count = 50;

/** What the paper reports for fifty deployment scenarios. */
const paperMs = 100;

export const benchmark: Benchmark = {
  summary: `${count} random scenarios, from request to decoded architectures`,

  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        bundle: { type: 'string', default: 'examples/bundles/cifar10' },
        repeats: { type: 'string', default: '200' },
      },
    });
    const probe = await Easel.load(values.bundle);
    const { devices } = probe;
    await probe.dispose();
    if (devices.length < 2) throw new Error(`${values.bundle} has ${devices.length} device profiles; two are needed`);
    const pair = devices.slice(0, 2);
    console.log(`${count} scenarios (tasks x budgets) on ${values.bundle}, half of them on each of two profiles:`);
    for (const device of pair) console.log(`  ${device}`);

    const easels = await Promise.all(pair.map((device) => Easel.load(values.bundle, { device })));
    const random = new Random(1);
    const requests: Request[][] = [];
    let infeasible = 0;
    for (const easel of easels) {
      const feasible: Request[] = [];
      while (feasible.length < count / pair.length) {
        const request = randomRequest(easel, random);
        try {
          await easel.architectures([request]);
          feasible.push(request);
        } catch (error) {
          // A scenario that no subnet can meet is answered too, by an error; it is counted and replaced.
          if (!(error instanceof InfeasibleBudgetError)) throw error;
          infeasible++;
        }
      }
      requests.push(feasible);
    }
    await Promise.all(easels.map((easel) => easel.dispose()));

    const once = async (loaded: readonly Easel[]) => {
      const start = performance.now();
      for (const [i, easel] of loaded.entries()) await easel.architectures(requests[i] as Request[]);
      return performance.now() - start;
    };
    const fresh = await Promise.all(pair.map((device) => Easel.load(values.bundle, { device })));
    const coldMs = await once(fresh);
    const times: number[] = [];
    for (let i = 0; i < Number(values.repeats); i++) times.push(await once(fresh));
    await Promise.all(fresh.map((easel) => easel.dispose()));
    const totalMs = median(times);
    console.log(`first time (cold code): ${coldMs.toFixed(2)} ms`);
    console.log(`median of ${times.length}: ${totalMs.toFixed(2)} ms (the paper: ${paperMs} ms on its own hardware)`);
    return {
      scenarios: count,
      total_ms: rounded(totalMs),
      infeasible,
      cold_ms: rounded(coldMs),
      fastest_ms: rounded(Math.min(...times)),
    };
  },
};

/** One or two tasks, and a latency anywhere between a little under the smallest subnet's and the largest's. */
function randomRequest(easel: Easel, random: Random): Request {
  const tasks = random.shuffle(Object.keys(easel.tasks)).slice(0, 1 + random.integer(2));
  const terms = easel.profile?.terms ?? [];
  const sumOf = (choose: (values: readonly number[]) => number, deepest: boolean) =>
    choose(
      terms.map(({ base, units }) =>
        units.reduce((sum, { first, later }, u) => {
          const depths = easel.space.units[u]?.depths ?? [1];
          const depth = (deepest ? depths.at(-1) : depths[0]) as number;
          const rest = depth > 1 ? (depth - 1) * choose(Object.values(later)) : 0;
          return sum + choose(Object.values(first)) + rest;
        }, base),
      ),
    );
  const smallest = sumOf((values) => Math.min(...values), false);
  const largest = sumOf((values) => Math.max(...values), true);
  return { tasks, budget: { latencyMs: smallest * 0.97 + (largest - smallest * 0.97) * random.float() } };
}
