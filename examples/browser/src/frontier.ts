import { type Architecture, type Easel, InfeasibleBudgetError } from '@easel/sdk';
import { formatArchitecture, largestArchitecture } from '@easel/sdk/space';

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

/** From the fastest subnet that is ever chosen to the slowest. */
export function chosenRange(points: readonly Point[]): LatencyRange {
  return { least: 1.0001 * (points[0] as Point).latencyMs, most: 1.0001 * (points.at(-1) as Point).latencyMs };
}

/** The generator's choice at budgets from the least to the most, in one run of it; the fastest first. */
export async function frontier(easel: Easel, tasks: readonly string[]): Promise<readonly Point[]> {
  const least = 1.0001 * (await leastLatency(easel, tasks));
  const [largest] = await easel.predict({ tasks }, [largestArchitecture(easel.space)]);
  const most = largest?.latencyMs ?? least;
  const budgets = Array.from({ length: sweep }, (_, i) => least * (most / least) ** (i / (sweep - 1)));
  const chosen = await easel.architectures(budgets.map((latencyMs) => ({ tasks, budget: { latencyMs } })));
  const different = [...new Map(chosen.map((each) => [formatArchitecture(each), each])).entries()];
  const predictions = await easel.predict(
    { tasks },
    different.map(([, architecture]) => architecture),
  );
  return different
    .map(([name, architecture], i) => ({
      name,
      architecture,
      latencyMs: predictions[i]?.latencyMs ?? 0,
      accuracy: predictions[i]?.accuracy,
    }))
    .sort((a, b) => a.latencyMs - b.latencyMs);
}

/** An impossible budget is answered by what the smallest subnet needs. */
async function leastLatency(easel: Easel, tasks: readonly string[]): Promise<number> {
  try {
    await easel.architectures([{ tasks, budget: { latencyMs: Number.MIN_VALUE } }]);
    return Number.MIN_VALUE;
  } catch (error) {
    if (error instanceof InfeasibleBudgetError) return error.minimum;
    throw error;
  }
}
