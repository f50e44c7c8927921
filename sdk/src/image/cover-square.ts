import { assertPixels } from './assert-pixels.js';
import { coverPixels } from './cover.js';
import type { Pixels } from './pixels.js';

/**
 * The largest square in the middle, scaled to `side` px, as RGB bytes: smaller by averaging areas, larger by bilinear
 * interpolation; transparency shows white. Images of any size become what training made of them by this function, on
 * every host. Works row by row, so that a photo of many megapixels needs little memory.
 *
 * @throws ImageError if the pixels do not fill width x height x channels
 */
export function coverSquare(pixels: Pixels, side: number): Pixels {
  assertPixels(pixels);
  return coverPixels(pixels, side);
}
