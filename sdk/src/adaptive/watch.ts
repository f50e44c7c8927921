import type { Inference } from '../classifier.js';
import type { LatencyCorrection } from '../profile/index.js';
import type { Rung } from './ladder.js';
import { type LatencyStatistics, LatencyWindow } from './latency-window.js';
import type { Watchfulness } from './options.js';
import { Policy, type Verdict } from './policy.js';
import type { Target } from './subnet.js';

/** At most this often, in ms, are latencies sorted and a decision thought over. */
const decideEveryMs = 20;
/** Fewest inferences whose median says how fast the device is. */
const enoughToRemember = 12;

/** What is seen of the running subnet's latency, and what follows from it for the next. */
export class Watch {
  readonly #window: LatencyWindow;
  readonly #policy: Policy;
  readonly #correction: LatencyCorrection | undefined;
  /** Inferences that began before shared the processor with opening a subnet. */
  #cleanSince = 0;
  #decidedAt = Number.NEGATIVE_INFINITY;

  /** @param correction what is known of the device's slowness today: taken from, and added to */
  constructor({ policy, window }: Watchfulness, correction: LatencyCorrection | undefined) {
    const factor = correction?.factor ?? 1;
    this.#window = new LatencyWindow(window);
    this.#policy = new Policy(policy, factor === 1 ? undefined : factor);
    this.#correction = correction;
  }

  /** By what factor the device is slower than its table says; 1 until it is known. */
  get slowdown(): number {
    return this.#policy.slowdown;
  }

  get patienceMs(): number {
    return this.#policy.patienceMs;
  }

  statistics(): LatencyStatistics {
    return this.#window.statistics();
  }

  /** @returns whether it counts */
  add({ startedAt, ms }: Inference): boolean {
    if (startedAt < this.#cleanSince) return false;
    this.#window.add(ms, startedAt + ms);
    return true;
  }

  /** What to do about the running subnet, every so often. */
  verdict(now: number, { request, rungs, rung }: Target): Verdict {
    if (now - this.#decidedAt < decideEveryMs) return { kind: 'stay' };
    this.#decidedAt = now;
    return this.#policy.decide({
      now,
      budgetMs: request.budget.latencyMs,
      predictedMs: rungs.map(({ predictedMs }) => predictedMs),
      running: rung,
      latency: this.#window.statistics(),
    });
  }

  /** The index of the largest subnet expected within the budget; the smallest if none is. */
  largestWithin(budgetMs: number, rungs: readonly Rung[]): number {
    return this.#policy.largestWithin(
      budgetMs,
      rungs.map(({ predictedMs }) => predictedMs),
    );
  }

  /** The app wants something else. */
  forgetSetbacks(): void {
    this.#policy.reset();
  }

  /** Another subnet runs from now on. */
  restart(): void {
    this.#window.clear();
    this.#cleanSince = performance.now();
  }

  /** What a subnet took that ran until now, for those that come after it. */
  remember({ rungs, rung }: Target): void {
    const { count, p50 } = this.#window.statistics();
    if (count >= enoughToRemember) this.#correction?.observe(p50, (rungs[rung] as Rung).predictedMs);
  }
}
