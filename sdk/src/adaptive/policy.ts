import type { LatencyStatistics } from './latency-window.js';

/**
 * When to change to a smaller or a larger subnet, and to which: decisions without clock, session or device, so that
 * they can be tested with made-up latencies.
 *
 * The device's table stays what it is; what changes is one factor on it. The *slowdown* is the latency that the running
 * subnet shows at its 95th percentile, over the latency that the table predicts for it; every other subnet is expected
 * to take its own prediction times the same factor.
 *
 * That is only roughly true: beside other work, a small subnet may slip through where a large one loses its turns. So
 * going down is immediate, but going up needs room that lasts. Where the device itself has become faster, the step goes
 * all the way. Where it has not, and the smaller subnet merely fits, it goes half the way to the subnet that was too
 * large, and each step that has to be taken back doubles how long room must last before the next. Under a load that
 * stays, or that comes and goes, changes become rare. Beside a load, less evidence suffices to go down, too: more than 5 %
 * of the inferences, whether by chance or not, and two of them where a step up is on trial.
 */
export interface PolicyOptions {
  /** Aim for this share of the budget, so that the next small disturbance does not exceed it. */
  readonly headroom: number;
  /** Over how many ms at least the inferences of the running subnet must be spread, for any decision. */
  readonly spanMs: number;
  /** Fewest of them that a step up may rest on. For a step down, three slow ones are enough. */
  readonly samples: number;
  /** How long there must be room before a larger subnet is tried, in ms; doubled after each failure. */
  readonly patienceMs: number;
  readonly longestPatienceMs: number;
  /** Slowdowns beyond these are taken for accidents of measuring. */
  readonly slowdown: readonly [least: number, most: number];
}

export const defaultPolicy: PolicyOptions = {
  headroom: 0.85,
  spanMs: 100,
  samples: 12,
  patienceMs: 1500,
  longestPatienceMs: 60_000,
  slowdown: [0.25, 25],
};

/** Inferences below which a window's tail means nothing. */
const fewest = 3;

/** The device has become faster when the slowdown falls to this share of what it was after the last step down. */
const recovered = 0.7;

/** Where the device has not become faster, room must last this many times longer. */
const caution = 3;

/** Over so many inferences a step up beside a load is on trial: as long as two of them are more than 5 %. */
const trialLength = 40;

/** Steps up have succeeded when the first of them held for this many times the patience that preceded it. */
const provenAfter = 2;

/** What the decision is about. Latencies in ms. */
export interface Situation {
  readonly now: number;
  /** What at most 5 % of the inferences may exceed. */
  readonly budgetMs: number;
  /** What the table predicts for each subnet to choose from, ascending. */
  readonly predictedMs: readonly number[];
  /** Which of them is running, and what it took. */
  readonly running: number;
  readonly latency: LatencyStatistics;
}

/** `to` is an index into `predictedMs`. */
export type Verdict =
  | { readonly kind: 'stay' }
  | { readonly kind: 'over-budget' | 'room'; readonly to: number }
  /** Over budget with the smallest subnet: nothing to change to. Said once, until there is headroom again. */
  | { readonly kind: 'at-smallest' };

/** A step down that has not been made good yet. */
interface Setback {
  /** The subnet that was too large. */
  readonly tooLarge: number;
  /** The slowdown of the smaller one at first, under the load that made it necessary. */
  slowdown?: number;
}

export class Policy {
  readonly #options: PolicyOptions;
  #slowdown: number | undefined;
  #patienceMs: number;
  #roomSince: number | undefined;
  /** When the first step up was taken that has neither held nor failed yet. */
  #wentUpAt: number | undefined;
  #setback: Setback | undefined;
  /** The last step up, if it was taken beside the load that made the step down necessary. */
  #trial: { readonly from: number } | undefined;
  #saidAtSmallest = false;

  /** @param slowdown as it is known already */
  constructor(options: PolicyOptions, slowdown?: number) {
    this.#options = options;
    this.#slowdown = slowdown;
    this.#patienceMs = options.patienceMs;
  }

  /** The newest estimate; 1 until something was measured. */
  get slowdown(): number {
    return this.#slowdown ?? 1;
  }

  /** How long room has to last before the next step up, in ms. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  decide({ now, budgetMs, predictedMs, running, latency }: Situation): Verdict {
    const { samples, spanMs } = this.#options;
    const { count, tail, p95 } = latency;
    // A thousand inferences of a fast subnet are over before the span is.
    if (count < fewest || (latency.spanMs < spanMs && !latency.full)) return { kind: 'stay' };
    if (this.#wentUpAt !== undefined && now - this.#wentUpAt >= provenAfter * this.#patienceMs) this.reset();

    const predicted = predictedMs[running] as number;
    const trial = count < trialLength ? this.#trial : undefined;
    if (trial && latency.second > budgetMs) return this.#down(running, trial.from);
    if ((this.#setback ? latency.wary : tail) > budgetMs) {
      this.#slowdown = this.#bounded(p95 / predicted);
      return this.#down(running, Math.min(this.largestWithin(budgetMs, predictedMs), running - 1));
    }
    if (count < samples) return { kind: 'stay' };
    if (tail <= this.#options.headroom * budgetMs) this.#saidAtSmallest = false;
    this.#slowdown = this.#bounded(tail / predicted);
    const expected = this.largestWithin(budgetMs, predictedMs);
    const to = Math.min(expected, this.#furthest(running, predictedMs.length - 1));
    if (to > running) return this.#up(now, running, to);
    this.#roomSince = undefined;
    return { kind: 'stay' };
  }

  /**
   * The largest subnet expected within the budget under the present slowdown; the smallest if none is. The table's own
   * word is taken as it is; what was measured is met with headroom.
   */
  largestWithin(budgetMs: number, predictedMs: readonly number[]): number {
    const most = this.#slowdown === undefined ? budgetMs : (this.#options.headroom * budgetMs) / this.#slowdown;
    const found = predictedMs.findLastIndex((predicted) => predicted <= most);
    return Math.max(0, found);
  }

  /** Forgets setbacks, because a step up has held or the app wants something else now. */
  reset(): void {
    this.#patienceMs = this.#options.patienceMs;
    this.#wentUpAt = undefined;
    this.#trial = undefined;
    this.#setback = undefined;
    this.#saidAtSmallest = false;
  }

  /** How far up the next step may go. */
  #furthest(running: number, largest: number): number {
    if (!this.#setback) return largest;
    this.#setback.slowdown ??= this.slowdown;
    if (running >= this.#setback.tooLarge || this.slowdown <= recovered * this.#setback.slowdown) {
      this.#setback = undefined;
      return largest;
    }
    return Math.max(running + 1, (running + this.#setback.tooLarge) >> 1);
  }

  #up(now: number, running: number, to: number): Verdict {
    this.#roomSince ??= now;
    const patienceMs = this.#setback ? caution * this.#patienceMs : this.#patienceMs;
    if (now - this.#roomSince < patienceMs) return { kind: 'stay' };
    this.#roomSince = undefined;
    this.#wentUpAt ??= now;
    this.#trial = this.#setback && { from: running };
    return { kind: 'room', to };
  }

  #down(running: number, to: number): Verdict {
    this.#roomSince = undefined;
    if (to < 0) {
      if (this.#saidAtSmallest) return { kind: 'stay' };
      this.#saidAtSmallest = true;
      return { kind: 'at-smallest' };
    }
    if (this.#wentUpAt !== undefined) {
      this.#patienceMs = Math.min(2 * this.#patienceMs, this.#options.longestPatienceMs);
    }
    this.#wentUpAt = undefined;
    this.#trial = undefined;
    this.#setback = { tooLarge: running };
    return { kind: 'over-budget', to };
  }

  #bounded(slowdown: number): number {
    const [least, most] = this.#options.slowdown;
    return Math.min(most, Math.max(least, slowdown));
  }
}
