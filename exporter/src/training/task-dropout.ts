import type { Random } from '@easel/sdk/random';
import type { Tasks } from '../data/index.js';
import type { TaskDropoutOptions } from './options.js';

/** Added to the logit of a dropped class: softmax gives it exactly 0 in float32. */
const DROPPED = -1e4;

/**
 * Task dropout (Elastic Architecture Search): draws the classes that a step keeps. With probability `keepAll` all of
 * them; else a single task, or the union of two or more tasks, their number uniform up to all tasks, or with probability
 * `randomClasses` any classes. At least two are kept: where a task has only one, further random tasks, and at last random
 * classes, join it.
 */
export class TaskDropout {
  readonly #tasks: readonly (readonly number[])[];

  constructor(
    readonly classes: readonly string[],
    tasks: Tasks,
    readonly options: TaskDropoutOptions,
  ) {
    this.#tasks = Object.values(tasks).map((members) => members.map((name) => classes.indexOf(name)));
  }

  /** Ascending class indices. */
  draw(random: Random): readonly number[] {
    const all = this.classes.map((_, index) => index);
    if (random.float() < this.options.keepAll || this.#tasks.length === 0) return all;
    // Drawn only where it matters, so that the option leaves other runs as they were.
    const { randomClasses } = this.options;
    if (randomClasses > 0 && random.float() < randomClasses) return this.#randomClasses(all, random);
    const order = random.shuffle([...this.#tasks]);
    const single = order.length === 1 || random.float() < this.options.singleTask;
    const count = single ? 1 : 2 + random.integer(order.length - 1);
    const kept = new Set(order.slice(0, count).flat());
    for (const members of [...order.slice(count), ...random.shuffle(all.map((index) => [index]))]) {
      if (kept.size >= Math.min(2, all.length)) break;
      for (const index of members) kept.add(index);
    }
    return [...kept].sort((a, b) => a - b);
  }

  /** Two or more, their number uniform. */
  #randomClasses(all: readonly number[], random: Random): readonly number[] {
    const count = Math.min(all.length, 2 + random.integer(Math.max(1, all.length - 1)));
    return random
      .shuffle([...all])
      .slice(0, count)
      .sort((a, b) => a - b);
  }
}

/** `[1, classes]`: 0 for kept classes, a large negative number for the others. */
export function classMask(kept: readonly number[], classes: number): Float32Array {
  const mask = new Float32Array(classes).fill(DROPPED);
  for (const index of kept) mask[index] = 0;
  return mask;
}

/** One-hot rows `[n, classes]`, of which `smoothing` is spread evenly over the kept classes. */
export function smoothedLabels(
  labels: ArrayLike<number>,
  kept: readonly number[],
  classes: number,
  smoothing: number,
): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (let image = 0; image < labels.length; image++) {
    for (const index of kept) targets[image * classes + index] = smoothing / kept.length;
    const label = image * classes + (labels[image] as number);
    targets[label] = (targets[label] as number) + 1 - smoothing;
  }
  return targets;
}

/** Softmax of every row of `logits` `[n, classes]`, divided by `temperature`, over the kept classes; others get 0. */
export function softmaxOver(
  logits: Float32Array,
  kept: readonly number[],
  classes: number,
  temperature = 1,
): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const index of kept) largest = Math.max(largest, logits[row + index] as number);
    let sum = 0;
    const exponential = (index: number) => Math.exp(((logits[row + index] as number) - largest) / temperature);
    for (const index of kept) sum += exponential(index);
    for (const index of kept) probabilities[row + index] = exponential(index) / sum;
  }
  return probabilities;
}
