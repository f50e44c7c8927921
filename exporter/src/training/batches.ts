import { Random } from '@easel/sdk/random';
import type { Tensor } from '@easel/sdk/tensor';
import type { Normalization, Split } from '../data/index.js';
// Not by way of data/index.js: what opens data sets need not be loaded on the thread that renders.
import { type AugmentationOptions, toTensor } from '../data/preprocess.js';

/** The images of a batch as network inputs, at whatever resolutions the step's subnets ask for. */
export interface Batch {
  readonly labels: Int32Array;
  /** `[n, 3, resolution, resolution]`; the same augmented views at every resolution. */
  images(resolution: number): Tensor;
}

export interface BatchOptions {
  readonly split: Split;
  /** Side of the split's images. */
  readonly resolution: number;
  readonly normalization: Normalization;
}

/** Images and what is to become of them: plain data, so that another thread can do it. */
export interface Views {
  readonly pixels: Uint8Array;
  readonly count: number;
  /** Side of the images. */
  readonly resolution: number;
  readonly normalization: Normalization;
  readonly augmentation: { readonly options: AugmentationOptions; readonly state: readonly number[] } | undefined;
}

export interface Augmentation {
  readonly options: AugmentationOptions;
  readonly random: Random;
}

/** @param augmentation advances its `random` exactly once per batch, however many resolutions are asked for */
export function readBatch(options: BatchOptions, indices: Int32Array, augmentation?: Augmentation): Batch {
  return batchOf(viewsOf(options, indices, augmentation), labelsOf(options.split, indices));
}

/** @param augmentation advances its `random` exactly once */
export function viewsOf(
  { split, resolution, normalization }: BatchOptions,
  indices: Int32Array,
  augmentation?: Augmentation,
): Views {
  const pixels = new Uint8Array(indices.length * resolution * resolution * 3);
  split.read(indices, pixels);
  const state = augmentation && { options: augmentation.options, state: augmentation.random.fork().state };
  return { pixels, count: indices.length, resolution, normalization, augmentation: state };
}

/** @param ready images that were rendered already; others are when they are asked for */
export function batchOf(views: Views, labels: Int32Array, ready: readonly Tensor[] = []): Batch {
  const known = new Map(ready.map((image) => [image.shape[3] as number, image]));
  return {
    labels,
    images(wanted) {
      const image = known.get(wanted) ?? render(views, wanted);
      known.set(wanted, image);
      return image;
    },
  };
}

export function labelsOf(split: Split, indices: Int32Array): Int32Array {
  return Int32Array.from(indices, (index) => split.labels[index] as number);
}

/** `[count, 3, wanted, wanted]` */
export function render({ pixels, count, resolution, normalization, augmentation }: Views, wanted: number): Tensor {
  const random = augmentation && { options: augmentation.options, random: Random.fromState(augmentation.state) };
  return toTensor(pixels, count, resolution, normalization, random, wanted);
}
