import type { Session } from '@easel/sdk/runtime';
import { imageInput, logitsOutput } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { type Normalization, type Split, toTensor } from '../data/index.js';
import type { Logits } from './accuracy.js';

export interface ModelLogitsOptions {
  /** Indices of the images. */
  readonly images: Int32Array;
  /** Side of the split's images, and of the model's input. */
  readonly imageResolution: number;
  readonly modelResolution: number;
  readonly normalization: Normalization;
  /** The model's class of each of the split's labels. */
  readonly classOf: (label: number) => number;
  /** Images per run. Default 100. */
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One pass of an assembled model (its batch left open) over images, as a device would run it but for the batches. */
export async function modelLogits(session: Session, split: Split, options: ModelLogitsOptions): Promise<Logits> {
  const { images, imageResolution, modelResolution, normalization, classOf, batch = 100, onProgress } = options;
  const pixels = new Uint8Array(batch * imageResolution ** 2 * 3);
  const parts: Float32Array[] = [];
  for (let start = 0; start < images.length; start += batch) {
    const part = images.subarray(start, start + batch);
    split.read(part, pixels);
    const input = toTensor(pixels, part.length, imageResolution, normalization, undefined, modelResolution);
    const { [logitsOutput]: logits } = await session.run({ [imageInput]: input });
    parts.push((logits as Tensor).data);
    onProgress?.(Math.min(images.length, start + batch), images.length);
  }
  const logits = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    logits.set(part, offset);
    offset += part.length;
  }
  return { logits, labels: images.map((index) => classOf(split.labels[index] as number)) };
}
