/** Named groups of classes: what a device may be asked to tell apart. */
export type Tasks = Readonly<Record<string, readonly string[]>>;

/** Images with labels, numbered from 0. Reading is random access, so the order is the reader's choice. */
export interface Split {
  readonly size: number;
  /** The class index of every image. */
  readonly labels: Int32Array;
  /**
   * Writes the images at `indices` one after the other into `target`, as bytes [n, resolution, resolution, 3] (RGB).
   * @throws RangeError for an index outside the split or a target that is too small.
   */
  read(indices: ArrayLike<number>, target: Uint8Array): void;
}

/** Square RGB images in three disjoint splits. */
export interface Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly tasks: Tasks;
  /** Side of every image, in pixels. */
  readonly resolution: number;
  /** May an image be mirrored and keep its class? Not so for characters. */
  readonly horizontalFlip: boolean;
  readonly train: Split;
  /** For choices made while training: statistics, predictor, early comparisons. Never for reported accuracy. */
  readonly validation: Split;
  /** For reported accuracy only. */
  readonly test: Split;
}

export interface DatasetOptions {
  /** Side of the images in pixels. Default: the data set's own (glyphs and CIFAR 32; a tasks file's `imageSize`). */
  resolution?: number;
  /** JSON file { "imageSize"?: [height, width], "tasks": { name: [class, ...] } } that replaces the default tasks. */
  tasksFile?: string;
  /** Share of the train split held out where a data set has no validation split; stratified. Default 0.1. */
  validationFraction?: number;
  /** Decides what is held out, and for glyphs every image. Default 0. */
  seed?: number;
  /** Where decoded images are kept between runs; null keeps none. Default: the user's cache folder. */
  cacheFolder?: string | null;
  onProgress?: (done: number, total: number) => void;
}

/** Of each class, for the generator: what one half of them says about class sets is checked by the other half. */
export const leastValidationImages = 2;

/** @throws RangeError if an index lies outside a split of `size` images or `target` cannot hold them. */
export function checkRead(indices: ArrayLike<number>, target: Uint8Array, size: number, imageBytes: number): void {
  if (target.length < indices.length * imageBytes) {
    throw new RangeError(`${indices.length} images need ${indices.length * imageBytes} bytes, got ${target.length}`);
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (!(index >= 0 && index < size)) throw new RangeError(`image ${index} is outside this split of ${size} images`);
  }
}
