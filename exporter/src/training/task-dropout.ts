import type { Random } from '@easel/sdk/random';
import type { Patches, Tasks } from '../data/index.js';
import type { TaskDropoutOptions } from './options.js';

/** Added to the logit of a dropped class: softmax gives it exactly 0 in float32. */
const DROPPED = -1e4;

/**
 * Task dropout (Elastic Architecture Search): draws the classes that a step or an image keeps. With probability `keepAll`
 * all of them; else a single task, or the union of two or more tasks, their number uniform up to all tasks, or with
 * probability `randomClasses` any classes. At least two are kept: where a task has only one, further random tasks, and at
 * last random classes, join it.
 */
export class TaskDropout {
  readonly #all: readonly number[];
  readonly #tasks: readonly (readonly number[])[];

  constructor(
    readonly classes: readonly string[],
    tasks: Tasks,
    readonly options: TaskDropoutOptions,
  ) {
    this.#all = classes.map((_, index) => index);
    this.#tasks = Object.values(tasks).map((members) => members.map((name) => classes.indexOf(name)));
  }

  /**
   * For a step, or for an image of the class `label`: then that is always kept, and the task is one of those that hold it.
   * Ascending class indices.
   */
  draw(random: Random, label?: number): readonly number[] {
    const all = this.#all;
    const isOwn = (task: readonly number[]) => label === undefined || task.includes(label);
    if (random.float() < this.options.keepAll) return all;
    // Drawn only where it matters, so that the option leaves other runs as they were.
    const { randomClasses } = this.options;
    if (randomClasses > 0 && random.float() < randomClasses) return this.#randomClasses(random, label);
    if (!this.#tasks.some(isOwn)) return all;
    const order = random.shuffle([...this.#tasks]);
    const own = order.splice(order.findIndex(isOwn), 1);
    const single = this.#tasks.length === 1 || random.float() < this.options.singleTask;
    const others = single ? 0 : 1 + random.integer(this.#tasks.length - 1);
    const kept = new Set([...own, ...order.slice(0, others)].flat());
    for (const members of [...order.slice(others), ...random.shuffle(all.map((index) => [index]))]) {
      if (kept.size >= Math.min(2, all.length)) break;
      for (const index of members) kept.add(index);
    }
    return ascending(kept);
  }

  /** Two or more, their number uniform. */
  #randomClasses(random: Random, label: number | undefined): readonly number[] {
    const count = Math.min(this.#all.length, 2 + random.integer(Math.max(1, this.#all.length - 1)));
    const order = random.shuffle([...this.#all]);
    const first = label === undefined ? [] : [label];
    return ascending(new Set([...first, ...order.filter((index) => index !== label)].slice(0, count)));
  }
}

function ascending(classes: Iterable<number>): readonly number[] {
  return [...classes].sort((a, b) => a - b);
}

/** The classes that take part, for every image of a batch. */
export type KeptClasses = readonly (readonly number[])[];

/** `[n, classes]`: 0 for kept classes, a large negative number for the others. */
export function classMask(kept: KeptClasses, classes: number): Float32Array {
  const mask = new Float32Array(kept.length * classes).fill(DROPPED);
  for (const [image, own] of kept.entries()) for (const index of own) mask[image * classes + index] = 0;
  return mask;
}

/** An image with a patch of another also keeps what the other keeps, so that the labels of both are among them. */
export function keptWith(patches: Patches, kept: KeptClasses): KeptClasses {
  return kept.map((own, image) => {
    const other = kept[patches[image]?.from ?? image] as readonly number[];
    return other === own ? own : ascending(new Set([...own, ...other]));
  });
}

/**
 * One-hot rows `[n, classes]`, shared with the other image's class where there is a patch, of which `smoothing` is
 * spread evenly over the kept classes.
 */
export function smoothedLabels(
  labels: ArrayLike<number>,
  kept: KeptClasses,
  classes: number,
  smoothing: number,
  patches: Patches = [],
): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (const [image, own] of kept.entries()) {
    for (const index of own) targets[image * classes + index] = smoothing / own.length;
    const { from = image, share = 0 } = patches[image] ?? {};
    for (const [source, weight] of [
      [image, 1 - share],
      [from, share],
    ] as const) {
      const label = image * classes + (labels[source] as number);
      targets[label] = (targets[label] as number) + weight * (1 - smoothing);
    }
  }
  return targets;
}

/** Softmax of every row of `logits` `[n, classes]`, divided by `temperature`, over the kept classes; others get 0. */
export function softmaxOver(logits: Float32Array, kept: KeptClasses, classes: number, temperature = 1): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (const [image, own] of kept.entries()) {
    const row = image * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (const index of own) largest = Math.max(largest, logits[row + index] as number);
    let sum = 0;
    const exponential = (index: number) => Math.exp(((logits[row + index] as number) - largest) / temperature);
    for (const index of own) sum += exponential(index);
    for (const index of own) probabilities[row + index] = exponential(index) / sum;
  }
  return probabilities;
}
