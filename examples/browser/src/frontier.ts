import type { Architecture, Easel } from '@easel/sdk';
import { costRange } from '@easel/sdk/generator';
import { latencyTable, predictLatency } from '@easel/sdk/profile';
import { decisionsOf, formatArchitecture } from '@easel/sdk/space';
import type { AccuracyModel } from './accuracy.js';

/** A subnet that the generator would choose at some budget. */
export interface Point {
  readonly name: string;
  readonly architecture: Architecture;
  readonly latencyMs: number;
  /** Absent where the bundle predicts none. */
  readonly accuracy: number | undefined;
}

/** Latencies that make a difference, in ms by the profile. */
export interface LatencyRange {
  readonly least: number;
  readonly most: number;
}

const sweep = 32;

/** Of all subnets that there are. */
export function latencyRange({ profile, space }: Easel): LatencyRange {
  if (!profile) throw new Error('the page needs a device profile');
  const { smallest, largest } = costRange(decisionsOf(space), latencyTable(profile, space));
  // A rounding error must not put the least out of reach.
  return { least: smallest * 1.0001, most: largest };
}

/** From the fastest subnet that is ever chosen to the slowest. */
export function chosenRange(points: readonly Point[]): LatencyRange {
  return { least: 1.0001 * (points[0] as Point).latencyMs, most: 1.0001 * (points.at(-1) as Point).latencyMs };
}

/** The generator's choice at budgets from the least to the most, in one run of it; the fastest first. */
export async function frontier(
  easel: Easel,
  tasks: readonly string[],
  model: AccuracyModel,
): Promise<readonly Point[]> {
  const { least, most } = latencyRange(easel);
  const budgets = Array.from({ length: sweep }, (_, i) => least * (most / least) ** (i / (sweep - 1)));
  const architectures = await easel.architectures(budgets.map((latencyMs) => ({ tasks, budget: { latencyMs } })));
  const points = new Map<string, Point>();
  for (const architecture of architectures) {
    const name = formatArchitecture(architecture);
    if (points.has(name) || !easel.profile) continue;
    const latencyMs = predictLatency(easel.profile, easel.space, architecture);
    points.set(name, { name, architecture, latencyMs, accuracy: model.predict(tasks, architecture) });
  }
  return [...points.values()].sort((a, b) => a.latencyMs - b.latencyMs);
}
