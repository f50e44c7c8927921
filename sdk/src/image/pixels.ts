import { ImageError } from '../errors/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { resizePlanes } from './resize.js';

/** A decoded image, row by row from the top, RGB or RGBA. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In px. */
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/** Per RGB channel, in units of 0..255: (byte - mean) / std. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * The largest square in the middle, normalized, as `[1, 3, resolution, resolution]`: what training makes of an image.
 * Larger squares are averaged by area, smaller ones interpolated bilinearly, equal ones taken as they are; transparency
 * shows white.
 *
 * @throws ImageError if the pixels do not fill width x height x channels
 */
export function imageTensor(pixels: Pixels, resolution: number, { mean, std }: Normalization): Tensor {
  assertPixels(pixels);
  const { data, width, height, channels } = pixels;
  const side = Math.min(width, height);
  const left = (width - side) >> 1;
  const top = (height - side) >> 1;
  const planes = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel++) {
    const normalized = normalizedBytes(mean[channel] as number, std[channel] as number);
    let to = channel * side * side;
    for (let y = top; y < top + side; y++) {
      const end = (y * width + left + side) * channels;
      for (let from = (y * width + left) * channels; from < end; from += channels) {
        const byte = data[from + channel] as number;
        const seen = channels === 4 ? overWhite(byte, data[from + 3] as number) : byte;
        planes[to++] = normalized[seen] as number;
      }
    }
  }
  return tensor([1, 3, resolution, resolution], resizePlanes(planes, 3, side, resolution));
}

/** @throws ImageError that says which property does not fit. */
export function assertPixels(image: unknown): asserts image is Pixels {
  const fail = (problem: string): never => {
    throw new ImageError('pixels', problem);
  };
  const { data, width, height, channels } = (image ?? {}) as Partial<Pixels>;
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) fail('data must be bytes (a Uint8Array)');
  for (const [name, extent] of Object.entries({ width, height })) {
    if (!Number.isInteger(extent) || (extent as number) < 1) fail(`${name} must be an integer above 0, got ${extent}`);
  }
  if (channels !== 3 && channels !== 4) fail(`channels must be 3 (RGB) or 4 (RGBA), got ${channels}`);
  const expected = (width as number) * (height as number) * (channels as number);
  const { length } = data as Uint8Array;
  if (length !== expected) fail(`${width} x ${height} x ${channels} needs ${expected} bytes, got ${length}`);
}

function normalizedBytes(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => (byte - mean) / std);
}

/** A byte of a colour seen through its alpha on white. */
export function overWhite(byte: number, alpha: number): number {
  return Math.round((byte * alpha + 255 * (255 - alpha)) / 255);
}
