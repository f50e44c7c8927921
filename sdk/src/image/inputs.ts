import type { Pixels } from './pixels.js';

/** An interface of the browser, where the program's TypeScript knows browsers; `never` in pure Node programs. */
type OfBrowser<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Instance }> ? Instance : never;

/** What a browser can draw. Videos show their current frame. */
export type Drawable =
  | OfBrowser<'HTMLImageElement'>
  | OfBrowser<'HTMLVideoElement'>
  | OfBrowser<'HTMLCanvasElement'>
  | OfBrowser<'OffscreenCanvas'>
  | OfBrowser<'ImageBitmap'>
  | OfBrowser<'VideoFrame'>;

/** A canvas's pixels: RGBA. */
export interface ImageDataLike {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** JPEG, PNG, WebP ...: where it lies (in Node a path or URL, in browsers a URL), or its bytes. */
export type EncodedImage = string | URL | Uint8Array | ArrayBuffer | Blob;

export type ImageInput = EncodedImage | Pixels | ImageDataLike | Drawable;

export function isEncoded(image: unknown): image is EncodedImage {
  return (
    typeof image === 'string' ||
    image instanceof URL ||
    image instanceof Uint8Array ||
    image instanceof ArrayBuffer ||
    image instanceof Blob
  );
}

/** Pixels and ImageData, which lacks the number of channels; undefined for anything else. */
export function pixelsOf(image: unknown): unknown {
  if (image === null || typeof image !== 'object' || !('data' in image)) return undefined;
  if ('channels' in image) return image;
  const { data, width, height } = image as ImageDataLike;
  return { data, width, height, channels: 4 };
}
