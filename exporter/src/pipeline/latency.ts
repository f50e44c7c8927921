import { nodeRuntime } from '@easel/sdk/node';
import { imageInput } from '@easel/sdk/subnet';
import { tensor } from '@easel/sdk/tensor';

/** An assembled subnet and the side of its input, in px. */
export interface Subject {
  readonly model: Uint8Array;
  readonly resolution: number;
}

export interface MeasureOptions {
  readonly threads: number;
  /** Timed runs of each. Default 60. */
  readonly repeats?: number;
  /** Which quantile of the runs is the latency. Default 0.25: interruptions only ever make a run longer. */
  readonly quantile?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How long one inference of each model takes here, in ms. Their runs take turns, so that all meet the same weather. */
export async function measureLatencies(
  subjects: readonly Subject[],
  { threads, repeats = 60, quantile = 0.25, onProgress }: MeasureOptions,
): Promise<number[]> {
  const times = subjects.map((): number[] => []);
  const sessions = await Promise.all(subjects.map(({ model }) => nodeRuntime.createSession(model, { threads })));
  try {
    const feeds = subjects.map(({ resolution }) => ({ [imageInput]: tensor([1, 3, resolution, resolution]) }));
    for (let repeat = -3; repeat < repeats; repeat++) {
      for (const [i, session] of sessions.entries()) {
        const start = performance.now();
        await session.run(feeds[i] as (typeof feeds)[number]);
        if (repeat >= 0) times[i]?.push(performance.now() - start);
      }
      onProgress?.(Math.max(0, repeat + 1), repeats);
    }
  } finally {
    await Promise.all(sessions.map((session) => session.dispose()));
  }
  return times.map((runs) => runs.sort((a, b) => a - b)[Math.floor(quantile * runs.length)] as number);
}
