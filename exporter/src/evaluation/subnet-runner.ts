import { nodeRuntime } from '@easel/sdk/node';
import { type Architecture, formatArchitecture } from '@easel/sdk/space';
import { assemble, type Supernet } from '@easel/sdk/subnet';
import type { Normalization, Split } from '../data/index.js';
import type { Logits } from './accuracy.js';
import { modelLogits } from './model-logits.js';

export interface SubnetRunnerOptions {
  readonly supernet: Supernet;
  readonly classes: number;
  readonly split: Split;
  /** Side of the split's images, in px. */
  readonly resolution: number;
  readonly normalization: Normalization;
  readonly threads?: number;
  /** At most so many images, spread evenly over the split. */
  readonly images?: number;
}

/** Runs subnets over a split, each once: its logits over all classes tell its accuracy on every class set. */
export class SubnetRunner {
  readonly #options: SubnetRunnerOptions;
  readonly #known = new Map<string, Promise<Logits>>();
  /** Indices into the split. */
  readonly images: Int32Array;
  readonly labels: Int32Array;

  constructor(options: SubnetRunnerOptions) {
    this.#options = options;
    const { split } = options;
    const count = Math.min(options.images ?? split.size, split.size);
    this.images = Int32Array.from({ length: count }, (_, i) => Math.floor((i * split.size) / count));
    this.labels = this.images.map((index) => split.labels[index] as number);
  }

  logits(architecture: Architecture): Promise<Logits> {
    const name = formatArchitecture(architecture);
    const known = this.#known.get(name) ?? this.#run(architecture, this.images);
    this.#known.set(name, known);
    return known;
  }

  /** Runs over the images of these classes alone; not remembered. */
  logitsOfClasses(architecture: Architecture, classes: readonly number[]): Promise<Logits> {
    const wanted = new Set(classes);
    return this.#run(
      architecture,
      this.images.filter((_, i) => wanted.has(this.labels[i] as number)),
    );
  }

  async #run(architecture: Architecture, images: Int32Array): Promise<Logits> {
    const { supernet, classes, split, resolution, normalization, threads } = this.#options;
    const all = Array.from({ length: classes }, (_, index) => index);
    const model = assemble(supernet, architecture, all, { batch: 'batch' });
    const session = await nodeRuntime.createSession(model, threads ? { threads } : {});
    try {
      return await modelLogits(session, split, {
        images,
        imageResolution: resolution,
        modelResolution: architecture.resolution,
        normalization,
        classOf: (label) => label,
        batch: 50,
      });
    } finally {
      await session.dispose();
    }
  }
}

/** Of the images of some classes, which ones a classifier of just these classes gets right. */
export function rightOnes(
  { logits, labels }: Logits,
  classes: readonly number[],
): { images: Int32Array; right: Uint8Array } {
  const width = logits.length / labels.length;
  const wanted = new Set(classes);
  const images = Int32Array.from(labels.keys()).filter((i) => wanted.has(labels[i] as number));
  const right = Uint8Array.from(images, (i) => {
    const own = logits[i * width + (labels[i] as number)] as number;
    return classes.every((c) => c === labels[i] || own > (logits[i * width + c] as number)) ? 1 : 0;
  });
  return { images, right };
}
