import { ImageError } from '../errors/index.js';
import type { EncodedImage } from './inputs.js';

/** Of an address, so much is shown: a data: URL holds the whole image. */
const mostLetters = 200;

/** For people: which image. */
export function imageName(image: EncodedImage): string {
  if (image instanceof Blob) return 'name' in image ? String(image.name) : `image of ${image.size} bytes`;
  if (image instanceof Uint8Array || image instanceof ArrayBuffer) return `image of ${image.byteLength} bytes`;
  const address = String(image);
  return address.length > mostLetters ? `${address.slice(0, mostLetters)}...` : address;
}

/** @throws ImageError that lists what an image may be on this host */
export function notAnImage(image: unknown, known: string): never {
  const found = image === null || typeof image !== 'object' ? String(image) : (image.constructor?.name ?? 'object');
  throw new ImageError('image', `must be ${known}, got ${found}`);
}
