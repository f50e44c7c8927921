import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { type Normalization, type Split, spreadOverClasses, toTensor } from '../data/index.js';
import type { Engine } from '../engine/index.js';
import { buildNetwork, imageInput, statisticsInputs } from '../supernet/index.js';

export interface Logits {
  /** `[images, classes]`, over all classes. */
  readonly logits: Float32Array;
  /** Class index of every image. */
  readonly labels: Int32Array;
}

export interface LogitsOptions {
  readonly space: SearchSpace;
  readonly classes: number;
  readonly split: Split;
  /** Side of the split's images. */
  readonly resolution: number;
  readonly normalization: Normalization;
  readonly engine: Engine;
  /** At most so many images, spread evenly over the classes. Default: all. */
  readonly images?: number;
  /** Images per run. Default 125. */
  readonly batch?: number;
}

/**
 * One pass of a subnet, with given batch-norm statistics, over a split. From its logits follows its accuracy on every
 * subset of the classes: see `taskAccuracy`.
 */
export async function subnetLogits(
  weights: ReadonlyMap<string, Tensor>,
  statistics: Statistics,
  architecture: Architecture,
  options: LogitsOptions,
): Promise<Logits> {
  const { space, classes, split, resolution, normalization, engine, batch = 125 } = options;
  const indices = spreadOverClasses(split.labels, options.images ?? split.size);
  const count = indices.length;
  const { graph, logits } = buildNetwork(space, architecture, { batch, classes, norm: 'frozen' });
  const program = { name: 'logits', graph, outputs: { logits } };
  const executable = await engine.compile(program);
  const inputs = statisticsInputs(statistics);
  const pixels = new Uint8Array(batch * resolution * resolution * 3);
  const result = new Float32Array(count * classes);
  try {
    for (let start = 0; start < count; start += batch) {
      const part = indices.subarray(start, start + batch);
      split.read(part, pixels);
      const images = toTensor(pixels, batch, resolution, normalization, undefined, architecture.resolution).data;
      const results = await executable.run({
        get: (name) => (name === imageInput ? images : (inputs.get(name) ?? weights.get(name)?.data)),
      });
      // The last batch is filled up with images of the one before.
      result.set((results.logits as Tensor).data.subarray(0, part.length * classes), start * classes);
    }
  } finally {
    await executable.dispose();
  }
  return { logits: result, labels: indices.map((index) => split.labels[index] as number) };
}

/**
 * Share of the images of `classes` (default: all) that a classifier of just these classes gets right: the largest of
 * their logits is the label's. NaN where no image has one of these labels.
 */
export function taskAccuracy({ logits, labels }: Logits, classes?: readonly number[]): number {
  const width = logits.length / labels.length;
  const kept = classes ?? Array.from({ length: width }, (_, index) => index);
  const wanted = new Set(kept);
  let images = 0;
  let right = 0;
  labels.forEach((label, image) => {
    if (!wanted.has(label)) return;
    images++;
    const row = image * width;
    const own = logits[row + label] as number;
    // A tie with another class is not right, and neither is NaN.
    if (kept.every((index) => index === label || own > (logits[row + index] as number))) right++;
  });
  return right / images;
}

/**
 * How often images of each of `classes` (rows) were taken for each of them (columns) by a classifier of just these.
 * Images of other classes do not count.
 */
export function confusionMatrix({ logits, labels }: Logits, classes: readonly number[]): number[][] {
  const width = logits.length / labels.length;
  const counts = classes.map(() => classes.map(() => 0));
  labels.forEach((label, image) => {
    const row = counts[classes.indexOf(label)];
    if (!row) return;
    let best = 0;
    classes.forEach((index, i) => {
      const logit = logits[image * width + index] as number;
      if (logit > (logits[image * width + (classes[best] as number)] as number)) best = i;
    });
    row[best] = (row[best] as number) + 1;
  });
  return counts;
}
