import { InvalidRequestError } from '@easel/sdk/errors';
import { Random } from '@easel/sdk/random';
import type { Split } from './dataset.js';

/** All that a sampler needs to go on as if it had never stopped; plain JSON. */
export interface SamplerState {
  readonly seed: number;
  readonly random: readonly number[];
  /** Per class: how often its images were shuffled anew, and how many of the present order are used up. */
  readonly epochs: readonly number[];
  readonly positions: readonly number[];
  /** Images per class: a state fits only the split that it was taken from. */
  readonly sizes: readonly number[];
}

/**
 * A deterministic endless order of a split's images. Every class runs through epochs of its own: none of its images
 * comes again before all of them have come. So a batch can be restricted to a task's classes at any time without
 * starving or repeating the others. Batches are stratified: each class has its share by size, rounded at random
 * (systematic sampling), so that batches of all classes visit the split nearly as plain shuffled epochs do.
 */
export class BatchSampler {
  readonly #seed: number;
  readonly #random: Random;
  readonly #queues: readonly ClassQueue[];

  constructor(split: Split, options: { seed: number; state?: SamplerState }) {
    const { seed, state } = options;
    this.#seed = seed;
    this.#random = state ? Random.fromState(state.random) : new Random(seed);
    this.#queues = imagesByClass(split.labels).map(
      (images, label) => new ClassQueue(images, `${seed}/${label}`, state?.epochs[label], state?.positions[label]),
    );
  }

  /** @throws InvalidRequestError if the state was taken from a split with other classes or sizes. */
  static restore(split: Split, state: SamplerState): BatchSampler {
    const sizes = imagesByClass(split.labels).map((images) => images.length);
    if (sizes.join() !== state.sizes.join()) {
      const expected = `taken from a split with ${sizes.length} classes of ${sizes.join(', ')} images`;
      throw new InvalidRequestError('sampler state', state.sizes.join(', '), expected);
    }
    return new BatchSampler(split, { seed: state.seed, state });
  }

  get state(): SamplerState {
    return {
      seed: this.#seed,
      random: [...this.#random.state],
      epochs: this.#queues.map((queue) => queue.epoch),
      positions: this.#queues.map((queue) => queue.position),
      sizes: this.#queues.map((queue) => queue.size),
    };
  }

  /**
   * Indices of `count` images whose labels are in `classes` (default: all), in random order.
   * @throws InvalidRequestError if no image has such a label.
   */
  next(count: number, classes?: readonly number[]): Int32Array {
    const labels = classes ? [...new Set(classes)] : this.#queues.keys();
    const queues = [...labels].map((label) => this.#queues[label]).filter((queue) => queue && queue.size > 0);
    if (queues.length === 0) throw new InvalidRequestError('classes', String(classes), 'labels of this split');
    // In random order, or classes that stand side by side would never share a small batch.
    this.#random.shuffle(queues);
    const total = queues.reduce((images, queue) => images + (queue as ClassQueue).size, 0);
    const offset = this.#random.float();
    const batch = new Int32Array(count);
    let covered = 0;
    let position = 0;
    for (const queue of queues as ClassQueue[]) {
      covered += queue.size;
      // The last class covers all, so that rounding cannot leave a place empty.
      const end = covered === total ? count : Math.ceil((covered * count) / total - offset);
      while (position < end) batch[position++] = queue.take();
    }
    return this.#random.shuffle(batch);
  }
}

/** The images of one class in an order that depends on the seed and the epoch only, so it need not be saved. */
class ClassQueue {
  readonly #images: Int32Array;
  readonly #seed: string;
  #order: Int32Array;
  epoch: number;
  position: number;

  constructor(images: Int32Array, seed: string, epoch = 0, position = 0) {
    this.#images = images;
    this.#seed = seed;
    this.epoch = epoch;
    this.position = position;
    this.#order = this.#shuffled();
  }

  get size(): number {
    return this.#images.length;
  }

  take(): number {
    if (this.position === this.size) {
      this.epoch++;
      this.position = 0;
      this.#order = this.#shuffled();
    }
    return this.#order[this.position++] as number;
  }

  #shuffled(): Int32Array {
    return new Random(hashOf(`${this.#seed}/${this.epoch}`)).shuffle(this.#images.slice());
  }
}

/** Entry i holds the indices of the images with label i. */
export function imagesByClass(labels: Int32Array): Int32Array[] {
  const lists: number[][] = [];
  labels.forEach((label, index) => {
    while (lists.length <= label) lists.push([]);
    lists[label]?.push(index);
  });
  return lists.map((list) => Int32Array.from(list));
}

/** The class with the fewest images, of `classes`; none count too. */
export function rarestClass(labels: Int32Array, classes: number): { readonly label: number; readonly images: number } {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const images = Math.min(...counts);
  return { label: counts.indexOf(images), images };
}

/** FNV-1a with MurmurHash3's finalizer: spreads structured seeds ("3/17/0") over all 32-bit seeds. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
