import { Random } from '@easel/sdk/random';
import type { Tensor } from '@easel/sdk/tensor';
// Not by way of data/index.js: what opens data sets need not be loaded on the thread that renders.
import { drawPatches, type Patches } from '../data/cut-mix.js';
import type { Normalization, Split } from '../data/index.js';
import { type Augmentation, type AugmentationOptions, toTensor } from '../data/preprocess.js';

/** The images of a batch as network inputs, at whatever resolutions the step's subnets ask for. */
export interface Batch {
  readonly labels: Int32Array;
  /** What images have of each other: labels are shared likewise. Empty without CutMix. */
  readonly patches: Patches;
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
  readonly augmentation:
    | { readonly options: AugmentationOptions; readonly state: readonly number[]; readonly patches: Patches }
    | undefined;
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
  return {
    pixels,
    count: indices.length,
    resolution,
    normalization,
    augmentation: augmentation && drawn(augmentation, indices.length, resolution),
  };
}

function drawn({ options, random }: Augmentation, count: number, resolution: number): Views['augmentation'] {
  const own = random.fork();
  const patches = options.cutMix > 0 ? drawPatches(count, resolution, options.cutMix, own) : [];
  return { options, state: own.state, patches };
}

/** @param ready images that were rendered already; others are when they are asked for */
export function batchOf(views: Views, labels: Int32Array, ready: readonly Tensor[] = []): Batch {
  const known = new Map(ready.map((image) => [image.shape[3] as number, image]));
  return {
    labels,
    patches: views.augmentation?.patches ?? [],
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
  const drawn = augmentation && { ...augmentation, random: Random.fromState(augmentation.state) };
  return toTensor(pixels, count, resolution, normalization, drawn, wanted);
}
