import type { Split } from './dataset.js';

/** Some images of a split, numbered anew. */
export function partOf(split: Split, images: Int32Array): Split {
  return {
    size: images.length,
    labels: images.map((image) => split.labels[image] as number),
    read(indices, target) {
      split.read(
        Array.from(indices, (index) => images[index] as number),
        target,
      );
    },
  };
}

/** Which images are of these classes. */
export function imagesOf({ labels }: Split, classes: readonly number[]): Int32Array {
  return Int32Array.from(labels.keys()).filter((image) => classes.includes(labels[image] as number));
}
