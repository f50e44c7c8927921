import { Random } from '@easel/sdk/random';
import type { Tensor } from '@easel/sdk/tensor';
import { type AugmentationOptions, type Normalization, type Split, toTensor } from '../data/index.js';

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

/** @param augmentation advances its `random` exactly once per batch, however many resolutions are asked for */
export function readBatch(
  { split, resolution, normalization }: BatchOptions,
  indices: Int32Array,
  augmentation?: { options: AugmentationOptions; random: Random },
): Batch {
  const pixels = new Uint8Array(indices.length * resolution * resolution * 3);
  split.read(indices, pixels);
  const views = augmentation && { options: augmentation.options, state: augmentation.random.fork().state };
  const known = new Map<number, Tensor>();
  return {
    labels: Int32Array.from(indices, (index) => split.labels[index] as number),
    images(wanted) {
      const image =
        known.get(wanted) ??
        toTensor(
          pixels,
          indices.length,
          resolution,
          normalization,
          views && { options: views.options, random: Random.fromState(views.state) },
          wanted,
        );
      known.set(wanted, image);
      return image;
    },
  };
}
