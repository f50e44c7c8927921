import type { StepEvent } from './events.js';
import type { SandwichLosses } from './sandwich.js';

export interface StepMeasurement {
  readonly losses: SandwichLosses;
  readonly gradientNorm: number;
  readonly keptClasses: number;
  readonly images: number;
  readonly ms: number;
  readonly dataMs: number;
  readonly compileMs: number;
}

/** Averages the measurements of `steps` steps into one event. */
export class StepReport {
  readonly #measured: StepMeasurement[] = [];

  constructor(readonly steps: number) {}

  add(measurement: StepMeasurement): void {
    this.#measured.push(measurement);
  }

  /** An event every `steps` steps and after the last one, else undefined. */
  event(at: Pick<StepEvent, 'phase' | 'step' | 'totalSteps' | 'imagesSeen' | 'learningRate'>): StepEvent | undefined {
    if (this.#measured.length < this.steps && at.step < at.totalSteps) return undefined;
    const measured = this.#measured.splice(0);
    const sum = (value: (step: StepMeasurement) => number) => measured.reduce((total, step) => total + value(step), 0);
    const mean = (value: (step: StepMeasurement) => number) => sum(value) / measured.length;
    const ms = sum((step) => step.ms);
    const meanOf = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
    const smallest = measured.flatMap(({ losses }) => losses.smallest ?? []);
    const random = measured.flatMap(({ losses }) => losses.random);
    return {
      kind: 'step',
      ...at,
      losses: {
        largest: mean(({ losses }) => losses.largest),
        ...(smallest.length > 0 ? { smallest: meanOf(smallest) } : {}),
        ...(random.length > 0 ? { random: meanOf(random) } : {}),
      },
      gradientNorm: mean((step) => step.gradientNorm),
      keptClasses: mean((step) => step.keptClasses),
      imagesPerSecond: (1000 * sum((step) => step.images)) / ms,
      compileShare: sum((step) => step.compileMs) / ms,
      dataShare: sum((step) => step.dataMs) / ms,
      secondsLeft: ((at.totalSteps - at.step) * ms) / measured.length / 1000,
      memoryMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }
}
