/** By how much the day's device may differ from its table before the table is simply wrong. */
const bounds = { least: 0.5, most: 2 };
/** Observations that count; the median of them is the correction. */
const remembered = 9;

/**
 * How much slower the device is today than its table says: the median of the newest observed ratios of measured to
 * predicted latency, within bounds. 1 as long as nothing was observed.
 */
export class LatencyCorrection {
  readonly #ratios: number[] = [];

  get factor(): number {
    if (this.#ratios.length === 0) return 1;
    const sorted = [...this.#ratios].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] as number;
    return Math.min(bounds.most, Math.max(bounds.least, median));
  }

  /** Ratios that are no positive numbers say nothing. */
  observe(measuredMs: number, predictedMs: number): void {
    const ratio = measuredMs / predictedMs;
    if (!(Number.isFinite(ratio) && ratio > 0)) return;
    this.#ratios.push(ratio);
    if (this.#ratios.length > remembered) this.#ratios.shift();
  }
}
