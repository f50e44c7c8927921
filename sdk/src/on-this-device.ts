import { host } from '#host';
import type { BundleReader } from './bundle/index.js';
import { InfeasibleBudgetError } from './errors/index.js';
import type { Limit } from './generator/index.js';
import type { DeviceProfile } from './profile/index.js';
import type { Execution, Session } from './runtime/index.js';
import { imageInput, type Supernet } from './subnet/index.js';
import { tensor } from './tensor/index.js';

/** A profile of the device at hand, adapted from the bundle's, and what is wrong with it. Only who asks for it loads the code that measures. */
export async function measureDevice(
  reader: BundleReader,
  supernet: Supernet,
  execution: Execution,
  cache: boolean,
  signal: AbortSignal | undefined,
): Promise<{ profile: DeviceProfile; warnings: readonly string[] }> {
  const [{ autoProfile, autoProfileWarnings }, ...candidates] = await Promise.all([
    import('./profiling/auto.js'),
    ...reader.devices.map((device) => reader.profile(device)),
  ]);
  const classes = reader.manifest.classes.length;
  const profile = await autoProfile({ host, execution, supernet, classes, candidates, cache, signal });
  return { profile, warnings: autoProfileWarnings(profile) };
}

/**
 * How the runtime at hand differs from the one that a profile was measured with, in sentences for a person: its latencies
 * may then not hold.
 */
export async function profileMismatches(profile: DeviceProfile, execution: Execution): Promise<readonly string[]> {
  const { runtime: here } = await host.describe(execution);
  const { runtime: then } = profile;
  return (['engine', 'version', 'provider', 'threads'] as const)
    .filter((fact) => then[fact] !== here[fact])
    .map((fact) => `profile ${profile.name} was measured with ${fact} ${then[fact]}; here it is ${here[fact]}`);
}

/** How often a subnet is chosen again because the device proves slower than was known. */
export const correctionAttempts = 3;
const correctionRuns = { most: 15, ms: 20 };

/** What one inference takes now, in ms: the median of a few. */
export async function medianRun(session: Session, resolution: number): Promise<number> {
  const feeds = { [imageInput]: tensor([1, 3, resolution, resolution]) };
  const times: number[] = [];
  const started = performance.now();
  for (let start = started; times.length < correctionRuns.most && start - started < correctionRuns.ms; ) {
    await session.run(feeds);
    const end = performance.now();
    times.push(end - start);
    start = end;
  }
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

/** Latency limits as the table must keep them, if the device is `factor` times slower than the table. */
export function correctedLimits(limits: readonly Limit[], factor: number): readonly Limit[] {
  if (factor === 1) return limits;
  return limits.map((limit) => (limit.table.metric === 'latencyMs' ? { ...limit, most: limit.most / factor } : limit));
}

/** What was asked for, and what there is, on the day's device. */
export function infeasibleToday(error: unknown, factor: number): unknown {
  if (!(error instanceof InfeasibleBudgetError) || error.metric !== 'latencyMs') return error;
  return new InfeasibleBudgetError(error.metric, error.requested * factor, error.minimum * factor, error.together);
}
