import { nodeRuntime } from '@easel/sdk/node';
import { imageInput } from '@easel/sdk/subnet';
import { tensor } from '@easel/sdk/tensor';
import { quantileOf } from '../profiling/index.js';

/** An assembled subnet and the side of its input, in px. */
export interface Subject {
  readonly model: Uint8Array;
  readonly resolution: number;
}

export interface MeasureOptions {
  readonly threads: number;
  /** Timed runs of each. Default 60. */
  readonly repeats?: number;
  /**
   * Of the runs: low ones leave out interruptions, which only ever make a run longer. Compare with a profile at the
   * profile's own. Default 0.25.
   */
  readonly quantile?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const rounds = 5;

/** Of one model's runs, in ms. */
export interface Latency {
  /** At the quantile that was asked for. */
  readonly ms: number;
  readonly medianMs: number;
}

/**
 * How long one inference of each model takes here, in ms, measured as for device profiles: in bursts, since what other
 * models did in between has emptied the caches, and in several rounds, so that all models meet the same weather.
 */
export async function measureLatencies(
  subjects: readonly Subject[],
  { threads, repeats = 60, quantile = 0.25, onProgress, signal }: MeasureOptions,
): Promise<Latency[]> {
  const burst = Math.ceil(repeats / rounds);
  const times = subjects.map((): number[] => []);
  const sessions = await Promise.all(subjects.map(({ model }) => nodeRuntime.createSession(model, { threads })));
  try {
    const feeds = subjects.map(({ resolution }) => {
      const image = tensor([1, 3, resolution, resolution]);
      image.data.fill(0.5);
      return { [imageInput]: image };
    });
    for (let round = 0; round < rounds; round++) {
      for (const [i, session] of sessions.entries()) {
        signal?.throwIfAborted();
        const feed = feeds[i] as (typeof feeds)[number];
        for (let untimed = 0; untimed < (round === 0 ? 4 : 1); untimed++) await session.run(feed);
        for (let run = 0; run < burst; run++) {
          const start = performance.now();
          await session.run(feed);
          times[i]?.push(performance.now() - start);
        }
        onProgress?.(round * sessions.length + i + 1, rounds * sessions.length);
      }
    }
  } finally {
    await Promise.all(sessions.map((session) => session.dispose()));
  }
  return times.map((runs) => ({ ms: quantileOf(runs, quantile), medianMs: quantileOf(runs, 0.5) }));
}
