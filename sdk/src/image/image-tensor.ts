import type { Tensor } from '../tensor/index.js';
import { assertPixels } from './assert-pixels.js';
import { coverPixels } from './cover.js';
import { type Normalization, type Pixels, squareTensor } from './pixels.js';

/**
 * The largest square in the middle, normalized, as `[1, 3, resolution, resolution]`: what training makes of an image.
 * Larger squares are averaged by area, smaller ones interpolated bilinearly, equal ones taken as they are; transparency
 * shows white.
 *
 * @throws ImageError if the pixels do not fill width x height x channels
 */
export function imageTensor(pixels: Pixels, resolution: number, normalization: Normalization): Tensor {
  assertPixels(pixels);
  const side = Math.min(pixels.width, pixels.height);
  return squareTensor(coverPixels(pixels, side), resolution, normalization);
}
