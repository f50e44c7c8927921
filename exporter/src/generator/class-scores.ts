import type { LogitsTable } from './logits-table.js';

/** How well every architecture does on a set of classes, image block by image block. */
export interface SetScores {
  readonly classes: readonly number[];
  /** Images of these classes. */
  readonly images: number;
  /** `[blocks][architectures]`: mean log-likelihood of the right class, softmax over the set alone. */
  readonly likelihood: readonly Float64Array[];
  /** `[architectures]`: share of the images that a classifier of just these classes gets right. */
  readonly accuracy: Float64Array;
}

/** Fewer class sets than these cannot be split into some to learn from and some to judge by: of two classes there is one. */
export const leastSetsToJudge = 10;

/** Scores class sets from a table of logits, without running any network. */
export class ClassScorer {
  readonly #table: LogitsTable;
  /** Per architecture `[images, classes]`: exponentials of the logits less the image's largest. */
  readonly #exponentials: readonly Float32Array[];
  /** `[images]`: which block an image belongs to; every block has its share of every class. */
  readonly #blockOf: Uint8Array;
  readonly #byClass: readonly (readonly number[])[];

  constructor(
    table: LogitsTable,
    readonly blocks: number,
  ) {
    const { labels, classes } = table;
    this.#table = table;
    this.#exponentials = table.logits.map((logits) => exponentials(logits, classes));
    const byClass = Array.from({ length: classes }, (): number[] => []);
    labels.forEach((label, image) => {
      byClass[label]?.push(image);
    });
    this.#byClass = byClass;
    this.#blockOf = new Uint8Array(labels.length);
    for (const images of byClass) for (const [i, image] of images.entries()) this.#blockOf[image] = i % blocks;
  }

  /** Validation images of each class. */
  get imagesPerClass(): readonly number[] {
    return this.#byClass.map((images) => images.length);
  }

  /** @throws RangeError where a block has no image of these classes */
  score(classes: readonly number[]): SetScores {
    const { labels, classes: total } = this.#table;
    const images = classes.flatMap((c) => this.#byClass[c] as readonly number[]);
    const counts = new Float64Array(this.blocks);
    for (const image of images) increase(counts, this.#blockOf[image] as number, 1);
    if (counts.some((count) => count === 0)) throw new RangeError(`too few images of classes ${classes.join(', ')}`);
    const likelihood = Array.from(counts, () => new Float64Array(this.#exponentials.length));
    const accuracy = new Float64Array(this.#exponentials.length);
    this.#exponentials.forEach((values, a) => {
      let right = 0;
      for (const image of images) {
        const row = image * total;
        const label = labels[image] as number;
        const own = values[row + label] as number;
        let sum = 0;
        let beaten = 0;
        for (const c of classes) {
          const value = values[row + c] as number;
          sum += value;
          if (c !== label && value >= own) beaten = 1;
        }
        right += 1 - beaten;
        const block = this.#blockOf[image] as number;
        // Where exponentials underflow, the likelihood is as low as float32 can tell.
        const logarithm = Math.log(Math.max(own, 1e-38) / Math.max(sum, 1e-38));
        increase(likelihood[block] as Float64Array, a, logarithm / (counts[block] as number));
      }
      accuracy[a] = right / images.length;
    });
    return { classes, images: images.length, likelihood, accuracy };
  }

  /**
   * How often an image of class c is given to d when only these two are in question: `[classes, classes]`, 0 on the
   * diagonal. Once over the half of the architectures that is less accurate on all classes, once over the other.
   */
  confusions(): [Float32Array, Float32Array] {
    const { accuracy } = this.score([...this.#byClass.keys()]);
    const order = [...accuracy.keys()].sort((a, b) => (accuracy[a] as number) - (accuracy[b] as number));
    const middle = Math.ceil(order.length / 2);
    return [this.#confusions(order.slice(0, middle)), this.#confusions(order.slice(-middle))];
  }

  #confusions(architectures: readonly number[]): Float32Array {
    const { labels, classes } = this.#table;
    const confusions = new Float64Array(classes * classes);
    for (const architecture of architectures) {
      const values = this.#exponentials[architecture] as Float32Array;
      labels.forEach((label, image) => {
        const row = image * classes;
        const own = values[row + label] as number;
        for (let d = 0; d < classes; d++) {
          if (d !== label && (values[row + d] as number) >= own) increase(confusions, label * classes + d, 1);
        }
      });
    }
    const counts = this.imagesPerClass;
    return Float32Array.from(confusions, (count, i) => {
      const images = (counts[Math.floor(i / classes)] as number) * architectures.length;
      return images > 0 ? count / images : 0;
    });
  }
}

function exponentials(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) highest = Math.max(highest, logits[row + c] as number);
    for (let c = 0; c < classes; c++) result[row + c] = Math.exp((logits[row + c] as number) - highest);
  }
  return result;
}

function increase(values: Float64Array, index: number, by: number): void {
  values[index] = (values[index] as number) + by;
}
