import { readFile } from 'node:fs/promises';
import { download } from '../download/index.js';
import { DownloadError, ImageError } from '../errors/index.js';
import { importOptional } from '../node/import-optional.js';
import { isHttp, pathOf } from '../node/location.js';
import { assertPixels } from './assert-pixels.js';
import { type EncodedImage, type ImageInput, isEncoded, pixelsOf } from './inputs.js';
import { imageName, notAnImage } from './names.js';
import type { Pixels } from './pixels.js';

const loadSharp = importOptional(async () => (await import('sharp')).default, 'sharp', {
  purpose: 'decoding image files in Node',
  platforms:
    'those for which npm finds its optional packages: npm install --include=optional sharp, on the device itself',
});

const known =
  'a path, a URL, a Blob, bytes of an image file, ImageData, or pixels { data, width, height, channels } in Node';

/** @throws ImageError, MissingDependencyError as `decodeImageFile` does; ImageError for what is no image */
export async function readNodeImage(image: ImageInput): Promise<Pixels> {
  const pixels = pixelsOf(image);
  if (pixels !== undefined) {
    assertPixels(pixels);
    return pixels;
  }
  return isEncoded(image) ? decodeImageFile(image) : notAnImage(image, known);
}

/**
 * Decodes a JPEG, PNG, WebP ... with sharp: upright (EXIF), in sRGB, transparency over white, at its own resolution.
 *
 * @throws ImageError that names the file if it is missing, truncated or no image
 * @throws MissingDependencyError if sharp is not installed, RuntimeLoadError if it does not load
 */
export async function decodeImageFile(encoded: EncodedImage): Promise<Pixels> {
  const sharp = await loadSharp();
  const name = imageName(encoded);
  const bytes = await bytesOf(encoded, name);
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .rotate()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels as 3 };
  } catch (cause) {
    throw new ImageError(name, `cannot be decoded (${(cause as Error).message.trim()})`, { cause });
  }
}

async function bytesOf(encoded: EncodedImage, name: string): Promise<Uint8Array> {
  if (encoded instanceof Uint8Array) return encoded;
  if (encoded instanceof ArrayBuffer) return new Uint8Array(encoded);
  if (encoded instanceof Blob) return new Uint8Array(await encoded.arrayBuffer());
  try {
    const isFetched = isHttp(encoded) || /^(data|blob):/i.test(String(encoded));
    return isFetched ? await download(new URL(encoded)) : await readFile(pathOf(encoded));
  } catch (cause) {
    if (cause instanceof DownloadError) throw new ImageError(name, cause.problem, { cause });
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ImageError(name, code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`, { cause });
  }
}
