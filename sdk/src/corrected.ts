import type { Scenario } from './architecture-generator.js';
import { InfeasibleBudgetError, type MetricLimit, UnreachableAccuracyError } from './errors/index.js';
import type { Limit } from './generator/index.js';
import type { Planner } from './planner.js';
import { LatencyCorrection } from './profile/index.js';
import type { SpecializeRequest } from './request.js';
import type { Session } from './runtime/index.js';
import { type Architecture, formatArchitecture } from './space/index.js';
import type { HeldSubnet } from './specializer.js';
import { imageInput } from './subnet/index.js';
import { tensor } from './tensor/index.js';

export { LatencyCorrection };

/** How often a subnet is chosen again because the device proves slower than was known. */
const attempts = 3;
const runs = { most: 15, ms: 20 };

export interface CorrectionParts {
  readonly correction: LatencyCorrection;
  readonly planner: Planner;
  readonly hold: (architecture: Architecture) => Promise<HeldSubnet>;
}

/** Opens the subnet that keeps the budget on the day's device: runs what was chosen, and chooses again if it is too slow. */
export async function holdCorrected(
  request: SpecializeRequest,
  scenario: Scenario,
  { correction, planner, hold }: CorrectionParts,
): Promise<HeldSubnet> {
  const choose = async () => {
    const { factor } = correction;
    // What an own architecture needs is told as it is today, and what the budget allows as it was asked for.
    if (request.architecture) {
      return planner.chosen(request, { ...scenario, limits: limitsOfToday(scenario.limits, factor) });
    }
    const limits = correctedLimits(scenario.limits, factor);
    return planner.chosen(request, { ...scenario, limits }).catch((error) => {
      throw asToday(error, scenario, factor);
    });
  };
  let held = await hold(await choose());
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { architecture, lease } = held;
    let next: Architecture;
    try {
      const { latencyMs } = planner.costs(architecture, scenario.classes.length, undefined);
      correction.observe(await medianRun(lease.value, architecture.resolution), latencyMs as number);
      next = await choose();
      if (formatArchitecture(next) === formatArchitecture(architecture)) break;
    } catch (error) {
      await lease.release();
      throw error;
    }
    await lease.release();
    held = await hold(next);
  }
  return held;
}

/** What one inference takes now, in ms: the median of a few. */
async function medianRun(session: Session, resolution: number): Promise<number> {
  const feeds = { [imageInput]: tensor([1, 3, resolution, resolution]) };
  // The first run of a session allocates memory.
  await session.run(feeds);
  const times: number[] = [];
  const started = performance.now();
  for (let start = started; times.length < runs.most && start - started < runs.ms; ) {
    await session.run(feeds);
    const end = performance.now();
    times.push(end - start);
    start = end;
  }
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

/** Latency limits as the table must keep them, if the device is `factor` times slower than the table. */
function correctedLimits(limits: readonly Limit[], factor: number): readonly Limit[] {
  if (factor === 1) return limits;
  return limits.map((limit) => (limit.table.metric === 'latencyMs' ? { ...limit, most: limit.most / factor } : limit));
}

/** The same limits on latencies as they are, if the device is `factor` times slower than the table. */
function limitsOfToday(limits: readonly Limit[], factor: number): readonly Limit[] {
  return limits.map((limit) => {
    const { metric, base, blocks } = limit.table;
    if (metric !== 'latencyMs') return limit;
    const scaled = (costs: readonly number[]) => costs.map((cost) => factor * cost);
    return { ...limit, table: { metric, base: scaled(base), blocks: blocks.map((of) => of.map(scaled)) } };
  });
}

/** What was asked for, and what there is, on the day's device. */
function asToday(error: unknown, { limits }: Scenario, factor: number): unknown {
  const latency = limits.find(({ table }) => table.metric === 'latencyMs');
  const asked = (together: readonly MetricLimit[]) =>
    together.map((limit) => (limit.metric === latency?.table.metric ? { ...limit, most: latency.most } : limit));
  if (error instanceof UnreachableAccuracyError) {
    return new UnreachableAccuracyError(error.requested, error.best, asked(error.together));
  }
  if (!(error instanceof InfeasibleBudgetError)) return error;
  const { metric, requested, minimum, together } = error;
  return latency?.table.metric === metric
    ? new InfeasibleBudgetError(metric, latency.most, minimum * factor, together)
    : new InfeasibleBudgetError(metric, requested, minimum, asked(together));
}
