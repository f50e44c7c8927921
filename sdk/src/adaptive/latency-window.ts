/** What a window of latencies says. All in ms, and 0 while there are none. */
export interface LatencyStatistics {
  readonly count: number;
  /** As many as the window holds: there will never be more, however short their span. */
  readonly full: boolean;
  /** From the oldest to the newest. */
  readonly spanMs: number;
  readonly p50: number;
  readonly p95: number;
  /** A cautious p95: what is exceeded by so many inferences that chance alone hardly explains it. */
  readonly tail: number;
  /** A wary one: what more than 5 % take at least, three of them or more. */
  readonly wary: number;
  /** What two of them take at least. */
  readonly second: number;
}

/**
 * How many of `count` inferences must be slow for it to be said that more than 5 % are: two standard deviations of the
 * binomial distribution above 5 %, and never a single outlier or two.
 */
function clearlyMoreThan5Percent(count: number): number {
  return Math.max(3, Math.ceil(0.05 * count + 2 * Math.sqrt(0.05 * 0.95 * count)));
}

/**
 * The latencies of the running subnet that still say something about now: the newest `size` of them, without those older
 * than `maximumAgeMs`, except that the newest `kept` stay however old, so that an app which seldom asks is served too.
 */
export class LatencyWindow {
  readonly #latencies: Float64Array;
  readonly #times: Float64Array;
  readonly #maximumAgeMs: number;
  readonly #kept: number;
  /** Where the next latency goes; they wrap around. */
  #next = 0;
  #count = 0;

  constructor(options: { readonly size: number; readonly maximumAgeMs: number; readonly kept: number }) {
    this.#latencies = new Float64Array(options.size);
    this.#times = new Float64Array(options.size);
    this.#maximumAgeMs = options.maximumAgeMs;
    this.#kept = options.kept;
  }

  /** @param now in ms, on a clock that never goes back */
  add(latencyMs: number, now: number): void {
    this.#latencies[this.#next] = latencyMs;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#latencies.length;
    this.#count = Math.min(this.#count + 1, this.#latencies.length);
    const tooOld = now - this.#maximumAgeMs;
    while (this.#count > this.#kept && (this.#times[this.#index(0)] as number) < tooOld) this.#count--;
  }

  clear(): void {
    this.#count = 0;
  }

  statistics(): LatencyStatistics {
    const count = this.#count;
    if (count === 0) return { count, full: false, spanMs: 0, p50: 0, p95: 0, tail: 0, wary: 0, second: 0 };
    const sorted = Float64Array.from({ length: count }, (_, i) => this.#latencies[this.#index(i)] as number).sort();
    /** What `slow` inferences took at least, and all the others at most. */
    const exceededBy = (slow: number) => sorted[Math.max(0, count - slow)] as number;
    return {
      count,
      full: count === this.#latencies.length,
      spanMs: (this.#times[this.#index(count - 1)] as number) - (this.#times[this.#index(0)] as number),
      p50: exceededBy(Math.floor(0.5 * count) + 1),
      p95: exceededBy(Math.floor(0.05 * count) + 1),
      tail: exceededBy(clearlyMoreThan5Percent(count)),
      wary: exceededBy(Math.max(3, Math.floor(0.05 * count) + 1)),
      second: exceededBy(2),
    };
  }

  /** @param age 0: the oldest */
  #index(age: number): number {
    const { length } = this.#latencies;
    return (this.#next - this.#count + age + length) % length;
  }
}
