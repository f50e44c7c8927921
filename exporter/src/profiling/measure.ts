import { Random } from '@easel/sdk/random';
import type { Architecture } from '@easel/sdk/space';

/** Something that can be run and timed. */
export interface Runner {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

export interface MeasureOptions {
  readonly open: (architecture: Architecture) => Promise<Runner>;
  /** Run in between, all the way through: it shows how the machine's speed varies. */
  readonly reference: Architecture;
  /** Timed runs of every subnet; they are spread over several passes. */
  readonly repeats: number;
  /** Ends after the pass in which this time is over, instead of after `repeats`. */
  readonly seconds?: number;
  readonly seed?: number;
  /** In subnets; passes over all of them count as fractions. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** In ms. Default: the clock. */
  readonly now?: () => number;
}

/** One timed run, and the window (the group of subnets that were open at the time) in which it took place. */
export interface Run {
  readonly latencyMs: number;
  readonly window: number;
}

export interface Measurements {
  /** Per architecture. */
  readonly runs: readonly (readonly Run[])[];
  /** Per window, the reference subnet's runs in ms. */
  readonly references: readonly (readonly number[])[];
}

/** Subnets that are open at the same time. */
const groupSize = 20;
/** Timed runs in a row, and rounds of bursts through an open group. */
const burst = 5;
const rounds = 2;
const warmUpRuns = 3;

/**
 * Times whole subnets. Every pass goes through all of them in another order, in groups that are open at the same time
 * and take turns in bursts, so that a noisy moment meets many subnets a little instead of one of them wholly.
 */
export async function measureRuns(
  architectures: readonly Architecture[],
  { open, reference, repeats, seconds, seed = 0, onProgress, signal, now = () => performance.now() }: MeasureOptions,
): Promise<Measurements> {
  const random = new Random(seed);
  const runs: Run[][] = architectures.map(() => []);
  const references: number[][] = [];
  const burstOf = async ({ run }: Runner, store: (latencyMs: number) => void) => {
    // What ran in between has emptied the caches; a device classifies one image after the other.
    await run();
    for (let i = 0; i < burst; i++) {
      const start = now();
      await run();
      store(now() - start);
    }
  };
  const start = now();
  const passes = Math.ceil(repeats / (burst * rounds));
  const finished = (pass: number) => (seconds === undefined ? pass >= passes : now() - start >= 1000 * seconds);
  const progress = (pass: number, visited: number) => {
    const part = visited / architectures.length;
    const time = seconds === undefined ? 0 : (now() - start) / (1000 * seconds);
    const done = seconds === undefined ? (pass + part) / passes : Math.min(1, pass === 0 ? Math.min(time, part) : time);
    onProgress?.(Math.floor(done * architectures.length), architectures.length);
  };

  const referenceRunner = await open(reference);
  try {
    for (let i = 0; i < warmUpRuns; i++) await referenceRunner.run();
    for (let pass = 0; pass === 0 || !finished(pass); pass++) {
      const order = random.shuffle(architectures.map((_, i) => i));
      for (let first = 0; first < order.length; first += groupSize) {
        const group = order.slice(first, first + groupSize);
        const window = references.push([]) - 1;
        const runners: Runner[] = [];
        try {
          for (const index of group) {
            signal?.throwIfAborted();
            const runner = await open(architectures[index] as Architecture);
            runners.push(runner);
            // The first runs allocate memory.
            for (let i = 0; i < warmUpRuns; i++) await runner.run();
          }
          for (let round = 0; round < rounds; round++) {
            await burstOf(referenceRunner, (latencyMs) => references[window]?.push(latencyMs));
            for (const [i, runner] of runners.entries()) {
              signal?.throwIfAborted();
              await burstOf(runner, (latencyMs) => runs[group[i] as number]?.push({ latencyMs, window }));
            }
          }
        } finally {
          await Promise.all(runners.map((runner) => runner.dispose()));
        }
        progress(pass, first + group.length);
      }
    }
  } finally {
    await referenceRunner.dispose();
  }
  return { runs, references };
}
