import { download } from '../download/index.js';
import { DownloadError, ImageError } from '../errors/index.js';
import { type EncodedImage, type ImageInput, imageName, isEncoded, notAnImage, pixelsOf } from './inputs.js';
import { assertPixels, type Pixels } from './pixels.js';

const known =
  'a URL, a Blob, bytes of an image file, an image, video or canvas element, an ImageBitmap, a VideoFrame, ImageData, ' +
  'or pixels { data, width, height, channels }';

/**
 * Whatever shows an image on a page, as pixels: upright (EXIF), in sRGB, transparency over white; of elements and files
 * only the largest square in the middle, at its own resolution.
 *
 * @throws ImageError that says what to change: not an image, not loaded, from another origin
 */
export async function readWebImage(image: ImageInput): Promise<Pixels> {
  const pixels = pixelsOf(image);
  if (pixels !== undefined) {
    assertPixels(pixels);
    return pixels;
  }
  if (!isEncoded(image)) return squareOf(image as CanvasImageSource, await extentOf(image));
  const name = imageName(image);
  const bitmap = await decode(image, name);
  try {
    return squareOf(bitmap, bitmap, name);
  } finally {
    bitmap.close();
  }
}

async function decode(image: EncodedImage, name: string): Promise<ImageBitmap> {
  const blob = image instanceof Blob ? image : new Blob([await bytesOf(image, name)]);
  try {
    return await createImageBitmap(blob);
  } catch (cause) {
    const problem = 'cannot be decoded: truncated, or no image that this browser knows (JPEG, PNG, WebP, ...)';
    throw new ImageError(name, problem, { cause });
  }
}

async function bytesOf(image: Exclude<EncodedImage, Blob>, name: string): Promise<BlobPart> {
  if (typeof image !== 'string' && !(image instanceof URL)) return image as BlobPart;
  try {
    return await download(new URL(image, globalThis.document?.baseURI ?? globalThis.location.href));
  } catch (cause) {
    throw new ImageError(name, cause instanceof DownloadError ? cause.problem : (cause as Error).message, { cause });
  }
}

interface Extent {
  readonly width: number;
  readonly height: number;
}

/** In px of the image itself, whatever its size on the page. */
async function extentOf(image: unknown): Promise<Extent> {
  if (image === null || typeof image !== 'object') return notAnImage(image, known);
  if ('naturalWidth' in image) {
    const element = image as HTMLImageElement;
    if (!element.complete) await element.decode().catch(() => {});
    const { naturalWidth: width, naturalHeight: height, currentSrc } = element;
    return loaded({ width, height }, currentSrc || 'image element', 'it did not load; check its src');
  }
  if ('videoWidth' in image) {
    const { videoWidth: width, videoHeight: height, currentSrc } = image as HTMLVideoElement;
    return loaded({ width, height }, currentSrc || 'video element', "it shows no frame yet; wait for 'loadeddata'");
  }
  if ('displayWidth' in image) {
    const { displayWidth: width, displayHeight: height } = image as VideoFrame;
    return loaded({ width, height }, 'video frame', 'it was closed');
  }
  if ('width' in image && 'height' in image) {
    return loaded(image as Extent, image.constructor.name, 'it has no pixels: empty, or closed');
  }
  return notAnImage(image, known);
}

function loaded(extent: Extent, name: string, problem: string): Extent {
  if (!(extent.width > 0 && extent.height > 0)) throw new ImageError(name, problem);
  return extent;
}

function squareOf(image: CanvasImageSource, { width, height }: Extent, name = 'image'): Pixels {
  const side = Math.min(width, height);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, side, side);
  try {
    context.drawImage(image, (width - side) >> 1, (height - side) >> 1, side, side, 0, 0, side, side);
  } catch {
    notAnImage(image, known);
  }
  try {
    return { data: context.getImageData(0, 0, side, side).data, width: side, height: side, channels: 4 };
  } catch (cause) {
    const problem =
      'comes from another origin, so that its pixels are hidden; set crossorigin="anonymous" on it, and let its ' +
      'server send Access-Control-Allow-Origin';
    throw new ImageError(name, problem, { cause });
  }
}
