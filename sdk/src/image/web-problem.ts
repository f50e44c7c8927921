import { DownloadError, ImageError } from '../errors/index.js';
import { assertPixels } from './assert-pixels.js';
import { isEncoded, pixelsOf } from './inputs.js';
import { imageName, notAnImage } from './names.js';
import type { Stage } from './web.js';

const known =
  'a URL, a Blob, bytes of an image file, an image, video or canvas element, an ImageBitmap, a VideoFrame, ImageData, ' +
  'or pixels { data, width, height, channels }';

/**
 * What to change about an image that could not be read.
 * @param stage what failed with `cause`
 */
export function imageProblem(image: unknown, stage: Stage, cause: Error): ImageError {
  try {
    const pixels = pixelsOf(image);
    if (pixels !== undefined) assertPixels(pixels);
    return isEncoded(image) ? fileProblem(imageName(image), stage, cause) : elementProblem(image, stage, cause);
  } catch (error) {
    return error as ImageError;
  }
}

function fileProblem(name: string, stage: Stage, cause: Error): ImageError {
  if (stage !== 'fetch') {
    const problem = 'cannot be decoded: truncated, or no image that this browser knows (JPEG, PNG, WebP, ...)';
    return new ImageError(name, problem, { cause });
  }
  return new ImageError(name, cause instanceof DownloadError ? cause.problem : cause.message, { cause });
}

function elementProblem(image: unknown, stage: Stage, cause: Error): ImageError {
  if (image === null || typeof image !== 'object' || stage === 'draw') return notAnImage(image, known);
  if (stage === 'read') {
    const problem =
      'comes from another origin, so that its pixels are hidden; set crossorigin="anonymous" on it, and let its ' +
      'server send Access-Control-Allow-Origin';
    return new ImageError('image', problem, { cause });
  }
  const source = (image as HTMLImageElement).currentSrc;
  if ('naturalWidth' in image) return new ImageError(source || 'image element', 'it did not load; check its src');
  if ('videoWidth' in image) {
    return new ImageError(source || 'video element', "it shows no frame yet; wait for 'loadeddata'");
  }
  if ('displayWidth' in image) return new ImageError('video frame', 'it was closed');
  if ('width' in image && 'height' in image) {
    return new ImageError(image.constructor.name, 'it has no pixels: empty, or closed');
  }
  return notAnImage(image, known);
}
