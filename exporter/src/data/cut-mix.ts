import type { Random } from '@easel/sdk/random';

/** A rectangle that one image takes from the same place of another one of its batch. Pixels, right and bottom excluded. */
export interface Patch {
  /** The other image's place in the batch. */
  readonly from: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Of the image's area: the other image's share of the label. */
  readonly share: number;
}

/** One entry per image of a batch; undefined where it stays as it is. */
export type Patches = readonly (Patch | undefined)[];

/**
 * CutMix (Yun et al. 2019): areas are uniform from nothing to the whole image, centres uniform over it, so that a
 * rectangle may stick out. Drawn for every image by itself instead of for the whole batch.
 *
 * @param probability of a patch, for every image; one without area is none
 * @param resolution side of the images
 */
export function drawPatches(count: number, resolution: number, probability: number, random: Random): Patches {
  const within = (place: number) => Math.min(resolution, Math.max(0, Math.round(place)));
  return Array.from({ length: count }, () => {
    if (random.float() >= probability) return undefined;
    const from = random.integer(count);
    const half = (Math.sqrt(random.float()) * resolution) / 2;
    const x = random.float() * resolution;
    const y = random.float() * resolution;
    const left = within(x - half);
    const top = within(y - half);
    const right = within(x + half);
    const bottom = within(y + half);
    const share = ((right - left) * (bottom - top)) / resolution ** 2;
    return share > 0 ? { from, left, top, right, bottom, share } : undefined;
  });
}

/** @param images `[count, 3, resolution, resolution]`, changed in place; patches show the others as they were before */
export function pastePatches(images: Float32Array, resolution: number, patches: Patches): void {
  const whole = images.slice();
  const image = 3 * resolution * resolution;
  patches.forEach((patch, index) => {
    if (!patch) return;
    for (let channel = 0; channel < 3; channel++) {
      for (let y = patch.top; y < patch.bottom; y++) {
        const row = (channel * resolution + y) * resolution;
        const source = patch.from * image + row;
        images.set(whole.subarray(source + patch.left, source + patch.right), index * image + row + patch.left);
      }
    }
  });
}
