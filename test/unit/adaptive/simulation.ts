import { defaultPolicy, LatencyWindow, Policy, type PolicyOptions } from '@easel/sdk/adaptive';

/** An app that asks all the time, on a device that exists in numbers only. Times in ms. */
export interface Simulated {
  readonly predictedMs: readonly number[];
  readonly budgetMs: number;
  /** What an inference takes: of the subnet with this prediction, at this time. */
  readonly latency: (predictedMs: number, now: number) => number;
  /** Between the end of an inference and the start of the next. */
  readonly pauseMs?: number;
  readonly options?: Partial<PolicyOptions>;
}

export interface Step {
  readonly at: number;
  readonly kind: string;
  readonly to: number;
}

/** The policy, its window and a clock, as the adaptive classifier puts them together. */
export class Simulation {
  readonly steps: Step[] = [];
  readonly latencies: { readonly at: number; readonly ms: number }[] = [];
  readonly policy: Policy;
  running: number;
  now = 0;
  #decidedAt = 0;
  readonly #world: Simulated;
  readonly #window = new LatencyWindow({ size: 1000, maximumAgeMs: 2000, kept: defaultPolicy.samples });

  constructor(world: Simulated) {
    this.#world = world;
    this.policy = new Policy({ ...defaultPolicy, ...world.options });
    this.running = this.policy.largestWithin(world.budgetMs, world.predictedMs);
  }

  runUntil(end: number): this {
    const { predictedMs, budgetMs, latency, pauseMs = 1 } = this.#world;
    while (this.now < end) {
      const ms = latency(predictedMs[this.running] as number, this.now);
      this.now += ms;
      this.latencies.push({ at: this.now, ms });
      this.#window.add(ms, this.now);
      this.now += pauseMs;
      if (this.now - this.#decidedAt < 20) continue;
      this.#decidedAt = this.now;
      const verdict = this.policy.decide({
        now: this.now,
        budgetMs,
        predictedMs,
        running: this.running,
        latency: this.#window.statistics(),
      });
      if (verdict.kind === 'at-smallest') this.steps.push({ at: this.now, kind: verdict.kind, to: this.running });
      if (verdict.kind === 'over-budget' || verdict.kind === 'room') {
        this.steps.push({ at: this.now, kind: verdict.kind, to: verdict.to });
        this.running = verdict.to;
        this.#window.clear();
      }
    }
    return this;
  }

  /** Which share of the inferences between two times took longer than the budget. */
  exceeded(from: number, to: number): number {
    const within = this.latencies.filter(({ at }) => at >= from && at < to);
    return within.filter(({ ms }) => ms > this.#world.budgetMs).length / within.length;
  }
}
