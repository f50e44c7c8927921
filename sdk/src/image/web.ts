import { download } from '../download/index.js';
import { ImageError } from '../errors/index.js';
import { type ImageInput, isEncoded, pixelsOf } from './inputs.js';
import { arePixels, type Pixels } from './pixels.js';

/** What is done with an image, one after the other. */
export type Stage = 'fetch' | 'decode' | 'measure' | 'draw' | 'read';

/**
 * Whatever shows an image on a page, as pixels: upright (EXIF), in sRGB, transparency over white; of elements and files
 * only the largest square in the middle, at its own resolution.
 *
 * @throws ImageError that says what to change: not an image, not loaded, from another origin
 */
export async function readWebImage(image: ImageInput): Promise<Pixels> {
  const pixels = pixelsOf(image);
  if (arePixels(pixels)) return pixels;
  let stage: Stage = 'fetch';
  let bitmap: ImageBitmap | undefined;
  try {
    if (isEncoded(image)) {
      const isAddress = typeof image === 'string' || image instanceof URL;
      const bytes = isAddress ? await download(onThisPage(image)) : (image as BlobPart);
      stage = 'decode';
      bitmap = await createImageBitmap(bytes instanceof Blob ? bytes : new Blob([bytes]));
    }
    stage = 'measure';
    const source = bitmap ?? image;
    const [width, height] = await extentOf(source);
    const side = Math.min(width, height);
    if (!(side > 0)) throw new RangeError('nothing to see');
    stage = 'draw';
    const context = new OffscreenCanvas(side, side).getContext('2d', {
      willReadFrequently: true,
    }) as OffscreenCanvasRenderingContext2D;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, side, side);
    const [left, top] = [(width - side) >> 1, (height - side) >> 1];
    context.drawImage(source as CanvasImageSource, left, top, side, side, 0, 0, side, side);
    stage = 'read';
    return { data: context.getImageData(0, 0, side, side).data, width: side, height: side, channels: 4 };
  } catch (cause) {
    // A page that lost its network may not have this part.
    const { imageProblem } = await import('./web-problem.js').catch(() => ({ imageProblem: unexplained }));
    throw imageProblem(image, stage, cause as Error);
  } finally {
    bitmap?.close();
  }
}

/** Relative addresses are the page's, or the worker's. */
export function onThisPage(location: string | URL): URL {
  return new URL(location, globalThis.document?.baseURI ?? globalThis.location.href);
}

/** Width and height in px of the image itself, whatever its size on the page. */
async function extentOf(source: unknown): Promise<[width: number, height: number]> {
  const element = source as HTMLImageElement & HTMLVideoElement & VideoFrame;
  if (element.complete === false) await element.decode().catch(() => {});
  return [
    element.naturalWidth ?? element.videoWidth ?? element.displayWidth ?? element.width,
    element.naturalHeight ?? element.videoHeight ?? element.displayHeight ?? element.height,
  ];
}

function unexplained(_: unknown, stage: Stage, cause: Error): ImageError {
  return new ImageError('image', `${stage}: ${cause.message}`, { cause });
}
