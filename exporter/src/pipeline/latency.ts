import { nodeRuntime } from '@easel/sdk/node';
import { quantileOf, runtimeMeter, type Subject } from '@easel/sdk/profiling';

export interface MeasureOptions {
  readonly threads: number;
  /** Timed runs of each. Default 60. */
  readonly repeats?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Visits to each, so that all models meet the same weather. */
const rounds = 5;

/**
 * How long one inference of each model typically takes here, in ms: the median run, as device profiles predict it. Each
 * model is visited several times, opened anew and run as an application does, one image after the other.
 */
export async function measureLatencies(
  subjects: readonly Subject[],
  { threads, repeats = 60, onProgress, signal }: MeasureOptions,
): Promise<number[]> {
  const meter = runtimeMeter(nodeRuntime, { threads });
  const runs = Math.ceil(repeats / rounds);
  const medians = subjects.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      signal?.throwIfAborted();
      const times = await meter.time(subject, { warmUps: 3, least: runs, most: runs, ms: 0 });
      medians[i]?.push(quantileOf(times, 0.5));
      onProgress?.(round * subjects.length + i + 1, rounds * subjects.length);
    }
  }
  return medians.map((ofSubject) => quantileOf(ofSubject, 0.5));
}
