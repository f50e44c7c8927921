import type { Provider, Runtime } from '../runtime/index.js';
import { imageInput } from '../subnet/index.js';
import { tensor } from '../tensor/index.js';

/** An assembled subnet and the side of its input, in px. */
export interface Subject {
  readonly model: Uint8Array;
  readonly resolution: number;
  /** Of the input. Default: 3. */
  readonly channels?: number;
}

/** How often one visit runs a subnet. It ends at `most` runs, or after `ms` if `least` runs are done by then. */
export interface Visit {
  /** Untimed: the first runs allocate memory and fill caches. */
  readonly warmUps: number;
  readonly least: number;
  readonly most: number;
  readonly ms: number;
}

export const usualVisit: Visit = { warmUps: 3, least: 5, most: 20, ms: 10 };

/**
 * Times subnets on a device: the one at hand, or another that is reached over a network. Everything that measures
 * (profiling, checking, adapting, hardware in the loop) goes through this.
 */
export interface LatencyMeter {
  /**
   * Opens the subnet, runs it as an application does, one image after the other, and closes it.
   * @returns ms of every timed run
   */
  time(subject: Subject, visit?: Visit): Promise<readonly number[]>;
}

export interface RuntimeMeterOptions {
  /** Default 1. */
  readonly threads?: number;
  /** As the runtime's `start` settled it. Default: the host's CPU. */
  readonly provider?: Provider;
  /** In ms. Default: the clock. */
  readonly now?: () => number;
  /** The clock's resolution in ms. Default: found out by reading it. */
  readonly resolutionMs?: number;
}

/** A timed stretch is at least this many times what the clock can resolve. */
const resolutions = 50;

/** Times subnets on the machine at hand, with the runtime that applications use. */
export function runtimeMeter(
  runtime: Pick<Runtime, 'createSession'>,
  {
    threads = 1,
    provider,
    now = () => performance.now(),
    resolutionMs = clockResolution(now),
  }: RuntimeMeterOptions = {},
): LatencyMeter {
  return {
    async time({ model, resolution, channels = 3 }, { warmUps, least, most, ms } = usualVisit) {
      const session = await runtime.createSession(model, { threads, ...(provider ? { provider } : {}) });
      try {
        const image = tensor([1, channels, resolution, resolution]);
        image.data.fill(0.5);
        const feeds = { [imageInput]: image };
        for (let i = 0; i < warmUps; i++) await session.run(feeds);
        const times: number[] = [];
        const begun = now();
        for (let start = begun; times.length < most && (times.length < least || start - begun < ms); ) {
          // Browsers blur their clocks: there, several runs share one stretch.
          let runs = 0;
          let end = start;
          do {
            await session.run(feeds);
            runs++;
            end = now();
          } while (end - start < resolutions * resolutionMs);
          for (let i = 0; i < runs; i++) times.push((end - start) / runs);
          start = now();
        }
        return times;
      } finally {
        await session.dispose();
      }
    },
  };
}

/** The smallest step of the clock that was seen, in ms. */
export function clockResolution(now: () => number = () => performance.now()): number {
  let smallest = Number.POSITIVE_INFINITY;
  let last = now();
  for (let reads = 0; reads < 2_000; reads++) {
    const read = now();
    if (read > last) smallest = Math.min(smallest, read - last);
    last = read;
  }
  // A clock that stood still all the while is blurred by at least what the reads took; browsers' coarsest is 1 ms.
  return Number.isFinite(smallest) ? smallest : 1;
}
