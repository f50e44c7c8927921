import { createHash } from 'node:crypto';
import { type Dataset, spreadEvenly } from '../data/index.js';

const SAMPLE = 64;

/** Tells a data set from another with the same classes and sizes: of all labels and some images of the train split. */
export function imagesDigest({ train, resolution }: Dataset): string {
  const indices = spreadEvenly(train.size, SAMPLE);
  const pixels = new Uint8Array(indices.length * resolution * resolution * 3);
  train.read(indices, pixels);
  const { buffer, byteOffset, byteLength } = train.labels;
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .update(pixels)
    .digest('hex');
}
