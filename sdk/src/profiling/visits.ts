import type { Random } from '../random/index.js';
import { quantileOf } from './estimate.js';
import type { LatencyMeter, Subject, Visit } from './meter.js';

/** One visit to a subnet. */
export interface VisitTimes {
  /** Index among the subnets; `reference` for the one that is visited all the way through. */
  readonly subnet: number;
  /** Visits that follow one another share a window, over which the machine's speed is taken as constant. */
  readonly window: number;
  /** ms of every timed run. */
  readonly times: readonly number[];
}

export const reference = -1;

/** Visits between two to the reference subnet; also the length of a window. */
export const windowLength = 12;

export interface SettleOptions {
  readonly meter: LatencyMeter;
  readonly visit?: Visit;
  /** In ms. */
  readonly now: () => number;
  /** It takes at least so long, and at most. */
  readonly ms: { readonly least: number; readonly most: number };
  readonly signal?: AbortSignal;
}

/** Visits in a row that must be about as fast as the fastest so far, and within which factors of it. */
const settledVisits = 3;
const faster = 0.97;
const slower = 1.15;

/**
 * Visits a subnet until it no longer gets faster. Browsers compile Wasm anew while it runs, and processors raise their
 * clocks: what is measured meanwhile is not what an application will see. Threads that compile take cores from those that
 * infer, so that the very first visit may be fast and those after it slow: it is not over until they are as fast again.
 */
export async function settle(
  subject: Subject,
  { meter, visit, now, ms: { least, most }, signal }: SettleOptions,
): Promise<void> {
  const started = now();
  const spent = () => now() - started;
  let best = Number.POSITIVE_INFINITY;
  for (let settled = 0; spent() < most && (settled < settledVisits || spent() < least); ) {
    signal?.throwIfAborted();
    const median = quantileOf(await meter.time(subject, visit), 0.5);
    settled = median < faster * best || median > slower * best ? 0 : settled + 1;
    best = Math.min(best, median);
  }
}

export interface PassOptions {
  readonly meter: LatencyMeter;
  readonly visit?: Visit;
  readonly random: Random;
  /** After every visit. */
  readonly onVisit?: (done: number, total: number) => void;
  /** Asked before every visit: whether to end the pass here. */
  readonly enough?: () => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Visits all subnets once, in random order, and the reference once per window. Several passes show every subnet in
 * several moods of the machine.
 *
 * @param subject assembles a subnet when its turn comes: all of them would fill the memory
 * @param firstWindow the number of windows of earlier passes
 */
export async function visitAll(
  count: number,
  subject: (subnet: number) => Subject,
  firstWindow: number,
  { meter, visit, random, onVisit, enough, signal }: PassOptions,
): Promise<VisitTimes[]> {
  const visits: VisitTimes[] = [];
  const order = random.shuffle(Array.from({ length: count }, (_, i) => i));
  for (const [i, subnet] of order.entries()) {
    const window = firstWindow + Math.floor(i / windowLength);
    if (i % windowLength === 0) {
      visits.push({ subnet: reference, window, times: await meter.time(subject(reference), visit) });
    }
    signal?.throwIfAborted();
    if (enough?.()) break;
    visits.push({ subnet, window, times: await meter.time(subject(subnet), visit) });
    onVisit?.(i + 1, count);
  }
  return visits;
}
