import type { Random } from '@easel/sdk/random';
import type { Tasks } from '../data/index.js';
import type { TaskDropoutOptions } from './options.js';

/** Added to the logit of a dropped class: softmax gives it exactly 0 in float32. */
const DROPPED = -1e4;

/**
 * Task dropout (Elastic Architecture Search): draws the classes that a step keeps. With probability `keepAll` all of
 * them; else a single task, or the union of two or more tasks, their number uniform up to all tasks. At least two
 * classes are kept: where a task has only one, further random tasks, and at last random classes, join it.
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

/** Softmax of every row of `logits` `[n, classes]` over the kept classes; the others get 0. */
export function softmaxOver(logits: Float32Array, kept: readonly number[], classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const index of kept) largest = Math.max(largest, logits[row + index] as number);
    let sum = 0;
    for (const index of kept) sum += Math.exp((logits[row + index] as number) - largest);
    for (const index of kept) probabilities[row + index] = Math.exp((logits[row + index] as number) - largest) / sum;
  }
  return probabilities;
}
