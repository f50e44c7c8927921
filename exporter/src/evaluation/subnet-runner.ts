import { nodeRuntime } from '@easel/sdk/node';
import { type Architecture, formatArchitecture } from '@easel/sdk/space';
import { assemble, type Supernet } from '@easel/sdk/subnet';
import { type Normalization, type Split, spreadOverClasses } from '../data/index.js';
import type { Logits } from './accuracy.js';
import { LogitsStore } from './logits-store.js';
import { modelLogits } from './model-logits.js';

export interface SubnetRunnerOptions {
  readonly supernet: Supernet;
  readonly classes: number;
  readonly split: Split;
  /** Side of the split's images, in px. */
  readonly resolution: number;
  readonly normalization: Normalization;
  readonly threads?: number;
  /** At most so many images, spread evenly over the classes. */
  readonly images?: number;
  /** Where logits are kept. Default: in memory. */
  readonly store?: LogitsStore;
  /** Called after every run of a subnet. */
  readonly onRun?: (images: number) => void;
}

export interface ImageLogits extends Logits {
  /** Which of the runner's images. */
  readonly images: Int32Array;
}

/**
 * Runs subnets over a split. A subnet's logits over all classes tell its accuracy on every class set, so that each image
 * is seen once by a subnet, and only if somebody asks about its class.
 */
export class SubnetRunner {
  readonly #options: SubnetRunnerOptions;
  readonly #store: LogitsStore;
  /** Indices into the split. */
  readonly images: Int32Array;
  readonly labels: Int32Array;
  /** Of every class, positions among `images`. */
  readonly #ofClass: readonly (readonly number[])[];

  constructor(options: SubnetRunnerOptions) {
    this.#options = options;
    this.#store = options.store ?? LogitsStore.inMemory();
    const { split, classes } = options;
    this.images = spreadOverClasses(split.labels, options.images ?? split.size);
    this.labels = this.images.map((index) => split.labels[index] as number);
    const ofClass = Array.from({ length: classes }, (): number[] => []);
    this.labels.forEach((label, image) => {
      ofClass[label]?.push(image);
    });
    this.#ofClass = ofClass;
  }

  /** @param labels the images of these classes, default all; logits are over all classes */
  async logits(architecture: Architecture, labels?: readonly number[]): Promise<ImageLogits> {
    const { classes } = this.#options;
    const wanted = [...new Set(labels ?? this.#ofClass.keys())];
    const subnet = formatArchitecture(architecture);
    const missing = wanted.filter((label) => !this.#store.has(subnet, label));
    if (missing.length > 0) await this.#run(architecture, subnet, missing);
    const images = Int32Array.from(wanted.flatMap((label) => this.#ofClass[label] ?? [])).sort();
    const rowOf = new Map([...images].map((image, row) => [image, row]));
    const logits = new Float32Array(images.length * classes);
    for (const label of wanted) {
      const own = await this.#store.get(subnet, label);
      this.#ofClass[label]?.forEach((image, i) => {
        logits.set(own.subarray(i * classes, (i + 1) * classes), (rowOf.get(image) as number) * classes);
      });
    }
    return { images, logits, labels: images.map((image) => this.labels[image] as number) };
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #run(architecture: Architecture, subnet: string, labels: readonly number[]): Promise<void> {
    const { supernet, classes, split, resolution, normalization, threads, onRun } = this.#options;
    const all = Array.from({ length: classes }, (_, index) => index);
    const images = Int32Array.from(labels.flatMap((label) => this.#ofClass[label] ?? []));
    const model = assemble(supernet, architecture, all, { batch: 'batch' });
    const session = await nodeRuntime.createSession(model, threads ? { threads } : {});
    try {
      const { logits } = await modelLogits(session, split, {
        images: images.map((image) => this.images[image] as number),
        imageResolution: resolution,
        modelResolution: architecture.resolution,
        normalization,
        classOf: (label) => label,
        // Few enough that a subnet's activations stay in the cache.
        batch: 50,
      });
      const parts = new Map<number, Float32Array>();
      let start = 0;
      for (const label of labels) {
        const end = start + (this.#ofClass[label]?.length ?? 0) * classes;
        parts.set(label, logits.subarray(start, end));
        start = end;
      }
      await this.#store.add(subnet, parts, classes);
    } finally {
      await session.dispose();
    }
    onRun?.(images.length);
  }
}

/** Of the images of some classes, which ones a classifier of just these classes gets right. */
export function rightOnes(
  { logits, labels, images }: ImageLogits,
  classes: readonly number[],
): { images: Int32Array; right: Uint8Array } {
  const width = logits.length / labels.length;
  const wanted = new Set(classes);
  const rows = Int32Array.from(labels.keys()).filter((row) => wanted.has(labels[row] as number));
  const right = Uint8Array.from(rows, (row) => {
    const own = logits[row * width + (labels[row] as number)] as number;
    return classes.every((c) => c === labels[row] || own > (logits[row * width + c] as number)) ? 1 : 0;
  });
  return { images: rows.map((row) => images[row] as number), right };
}
