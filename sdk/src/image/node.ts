import { readFile } from 'node:fs/promises';
import { ImageError } from '../errors/index.js';
import { importOptional } from '../node/import-optional.js';
import type { Pixels } from './pixels.js';

const loadSharp = importOptional(async () => (await import('sharp')).default, 'sharp', 'decoding image files in Node');

/**
 * Decodes a JPEG, PNG, WebP ... with sharp, the way training images are: upright (EXIF), the middle square scaled to
 * `side` px (Lanczos) unless its shorter side has that length already, transparency over white.
 *
 * @throws ImageError that names the file if it is missing, truncated or no image
 * @throws MissingDependencyError if sharp is not installed
 */
export async function decodeImageFile(encoded: string | URL | Uint8Array, side: number): Promise<Pixels> {
  const sharp = await loadSharp();
  const name = encoded instanceof Uint8Array ? `image of ${encoded.length} bytes` : String(encoded);
  const bytes = encoded instanceof Uint8Array ? encoded : await readImage(encoded, name);
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .rotate()
      .resize(side, side, { fit: 'cover' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels as 3 };
  } catch (cause) {
    throw new ImageError(name, `cannot be decoded (${(cause as Error).message.trim()})`, { cause });
  }
}

async function readImage(location: string | URL, name: string): Promise<Uint8Array> {
  try {
    return await readFile(location);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ImageError(name, code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`, { cause });
  }
}
