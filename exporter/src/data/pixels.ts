import { Random } from '@easel/sdk/random';
import { DatasetError } from '../errors/index.js';
import { checkRead, type Split } from './dataset.js';
import { hashOf, imagesByClass } from './sampler.js';

/** Bytes per block. A data set larger than one typed array may be still fits. */
const BLOCK_BYTES = 64 << 20;

/** Equally large images in memory, [count, imageBytes]. */
export class PixelStore {
  readonly count: number;
  readonly imageBytes: number;
  /** The images one after the other, cut between images. */
  readonly blocks: readonly Uint8Array[];
  readonly #imagesPerBlock: number;

  constructor(count: number, imageBytes: number) {
    this.count = count;
    this.imageBytes = imageBytes;
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / imageBytes));
    this.#imagesPerBlock = perBlock;
    this.blocks = Array.from(
      { length: Math.ceil(count / perBlock) },
      (_, block) => new Uint8Array(Math.min(perBlock, count - block * perBlock) * imageBytes),
    );
  }

  /** A view of one image, not a copy. */
  image(slot: number): Uint8Array {
    const block = this.blocks[Math.floor(slot / this.#imagesPerBlock)];
    if (!block) throw new RangeError(`image ${slot} is outside this store of ${this.count} images`);
    const start = (slot % this.#imagesPerBlock) * this.imageBytes;
    return block.subarray(start, start + this.imageBytes);
  }
}

/** The split whose image i lies in the store's slot `slots[i]`. */
export function storedSplit(store: PixelStore, slots: Int32Array, labels: Int32Array): Split {
  return {
    size: slots.length,
    labels,
    read(indices, target) {
      checkRead(indices, target, slots.length, store.imageBytes);
      for (let i = 0; i < indices.length; i++) {
        target.set(store.image(slots[indices[i] as number] as number), i * store.imageBytes);
      }
    },
  };
}

export interface SlotsAndLabels {
  slots: Int32Array;
  labels: Int32Array;
}

/**
 * Splits off the same share of every class, at least one image of each.
 * @throws DatasetError (with `path`) if a class has a single image, which cannot be in both parts.
 */
export function holdOut(
  { slots, labels }: SlotsAndLabels,
  options: { fraction: number; seed: number; path: string; classes: readonly string[] },
): { kept: SlotsAndLabels; heldOut: SlotsAndLabels } {
  const isHeldOut = new Uint8Array(slots.length);
  imagesByClass(labels).forEach((images, label) => {
    if (images.length < 2) {
      const problem = `class "${options.classes[label]}" has ${images.length} training image; two are needed to hold out one for validation`;
      throw new DatasetError(options.path, problem);
    }
    const share = Math.min(Math.max(1, Math.round(images.length * options.fraction)), images.length - 1);
    const shuffled = new Random(hashOf(`${options.seed}/validation/${label}`)).shuffle(images.slice());
    for (const image of shuffled.subarray(0, share)) isHeldOut[image] = 1;
  });
  const part = (flag: number): SlotsAndLabels => ({
    slots: slots.filter((_, image) => isHeldOut[image] === flag),
    labels: labels.filter((_, image) => isHeldOut[image] === flag),
  });
  return { kept: part(0), heldOut: part(1) };
}
