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

/** Whether these are pixels that fill width x height x channels; `assertPixels` says why not. */
export function arePixels(image: unknown): image is Pixels {
  const { data, width = 0, height = 0, channels } = (image ?? {}) as Partial<Pixels>;
  return (
    (data instanceof Uint8Array || data instanceof Uint8ClampedArray) &&
    [width, height].every((extent) => Number.isInteger(extent) && extent >= 1) &&
    (channels === 3 || channels === 4) &&
    data.length === width * height * channels
  );
}

/** A square of RGB bytes, normalized and scaled, as `[1, 3, resolution, resolution]`. */
export function squareTensor({ data, width }: Pixels, resolution: number, { mean, std }: Normalization): Tensor {
  const count = width * width;
  const planes = new Float32Array(3 * count);
  for (let channel = 0; channel < 3; channel++) {
    const [average, deviation] = [mean[channel] as number, std[channel] as number];
    for (let from = channel, to = channel * count; from < data.length; from += 3) {
      planes[to++] = ((data[from] as number) - average) / deviation;
    }
  }
  return tensor([1, 3, resolution, resolution], resizePlanes(planes, 3, width, resolution));
}

/** A byte of a colour seen through its alpha on white. */
export function overWhite(byte: number, alpha: number): number {
  return Math.round((byte * alpha + 255 * (255 - alpha)) / 255);
}
