import { resizePlanes } from '@easel/sdk/image';
import type { Random } from '@easel/sdk/random';
import type { Tensor } from '@easel/sdk/tensor';
import { type Patches, pastePatches } from './cut-mix.js';
import type { Normalization } from './normalization.js';
import { zoom } from './zoom.js';

export interface AugmentationOptions {
  /** Pixels of mean colour around the image, out of which a crop of the original size is taken at random. */
  cropPadding: number;
  /** Mirror every other image. */
  horizontalFlip: boolean;
  /** Side in pixels of a square of mean colour put at a random place (DeVries and Taylor 2017); 0 = off. */
  cutout: number;
  /** Least and greatest size at which an image is drawn, 1 being its own: `[0.7, 1.1]`. Ratios are evenly likely. */
  scale: readonly [least: number, greatest: number];
  /** Share of the images that get a rectangle, and as much of the label, from another one of their batch; 0 = off. */
  cutMix: number;
}

/** What `toTensor` does to images. */
export interface Augmentation {
  readonly options: AugmentationOptions;
  /** Of everything that is drawn for single images. */
  readonly random: Random;
  /** What images take from each other: `drawPatches`. Default: nothing. */
  readonly patches?: Patches | undefined;
}

export const defaultAugmentation: AugmentationOptions = {
  cropPadding: 4,
  horizontalFlip: true,
  cutout: 0,
  scale: [1, 1],
  cutMix: 0,
};

/**
 * Bytes [count, resolution, resolution, 3] to normalized floats [count, 3, r, r], augmented when given a `Random`.
 * r is `outputResolution` (default: `resolution`); smaller outputs average areas, larger ones interpolate bilinearly.
 * Pixels that an augmentation leaves empty are 0, the mean colour.
 */
export function toTensor(
  pixels: Uint8Array,
  count: number,
  resolution: number,
  normalization: Normalization,
  augmentation?: Augmentation,
  outputResolution: number = resolution,
): Tensor {
  const area = resolution * resolution;
  if (pixels.length < count * area * 3) {
    throw new RangeError(
      `${count} images of ${resolution} pixels need ${count * area * 3} bytes, got ${pixels.length}`,
    );
  }
  const [red, green, blue] = normalizationTables(normalization);
  const normalized = new Float32Array(count * area * 3);
  const zoomed = new Uint8Array(area * 3);
  for (let image = 0; image < count; image++) {
    const view = augmentation ? drawView(resolution, augmentation.options, augmentation.random) : WHOLE_IMAGE;
    const start = image * area * 3;
    let bytes = pixels.subarray(start, start + area * 3);
    if (view.scale !== 1) {
      zoom(bytes, zoomed, resolution, view.scale);
      bytes = zoomed;
    }
    // Rows and columns of the output whose source lies inside the image; the rest stays 0.
    const top = Math.max(0, -view.dy);
    const bottom = Math.min(resolution, resolution - view.dy);
    const left = Math.max(0, -view.dx);
    const right = Math.min(resolution, resolution - view.dx);
    const step = view.mirrored ? -3 : 3;
    for (let y = top; y < bottom; y++) {
      const firstColumn = left + view.dx;
      const column = view.mirrored ? resolution - 1 - firstColumn : firstColumn;
      let from = ((y + view.dy) * resolution + column) * 3;
      let to = start + y * resolution + left;
      for (let x = left; x < right; x++) {
        normalized[to] = red[bytes[from] as number] as number;
        normalized[to + area] = green[bytes[from + 1] as number] as number;
        normalized[to + 2 * area] = blue[bytes[from + 2] as number] as number;
        to++;
        from += step;
      }
    }
    if (view.cutout) eraseSquare(normalized, start, resolution, view.cutout);
  }
  if (augmentation?.patches?.length) pastePatches(normalized, resolution, augmentation.patches);
  const planes = count * 3;
  const data = resizePlanes(normalized, planes, resolution, outputResolution);
  return { shape: [count, 3, outputResolution, outputResolution], data };
}

/** Which part of a (possibly zoomed and mirrored) image becomes the output: output (x, y) shows image (x + dx, y + dy). */
interface View {
  scale: number;
  dx: number;
  dy: number;
  mirrored: boolean;
  cutout?: { x: number; y: number; side: number };
}

const WHOLE_IMAGE: View = { scale: 1, dx: 0, dy: 0, mirrored: false };

function drawView(resolution: number, options: AugmentationOptions, random: Random): View {
  const { cropPadding, horizontalFlip, cutout, scale } = options;
  const [least, greatest] = scale;
  const view: View = {
    // As much smaller as larger, in ratios. No number is drawn for nothing, as runs from before this option had none.
    scale: least < greatest ? least * (greatest / least) ** random.float() : least,
    dx: cropPadding > 0 ? random.integer(2 * cropPadding + 1) - cropPadding : 0,
    dy: cropPadding > 0 ? random.integer(2 * cropPadding + 1) - cropPadding : 0,
    mirrored: horizontalFlip && random.float() < 0.5,
  };
  // The square's centre is uniform over the image, so that it may stick out (as published).
  const corner = () => random.integer(resolution) - (cutout >> 1);
  return cutout > 0 ? { ...view, cutout: { x: corner(), y: corner(), side: cutout } } : view;
}

function eraseSquare(data: Float32Array, start: number, resolution: number, square: NonNullable<View['cutout']>): void {
  const left = Math.max(0, square.x);
  const right = Math.min(resolution, square.x + square.side);
  const bottom = Math.min(resolution, square.y + square.side);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = Math.max(0, square.y); y < bottom; y++) {
      const row = start + (channel * resolution + y) * resolution;
      data.fill(0, row + left, row + right);
    }
  }
}

/** One float per byte value and channel. */
function normalizationTables({ mean, std }: Normalization): [Float32Array, Float32Array, Float32Array] {
  const table = (channel: 0 | 1 | 2) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte - mean[channel]) / std[channel]);
  return [table(0), table(1), table(2)];
}
