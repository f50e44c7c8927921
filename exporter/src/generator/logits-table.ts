import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Decoder } from '@easel/sdk/generator';
import { nodeRuntime } from '@easel/sdk/node';
import type { Random } from '@easel/sdk/random';
import {
  type Architecture,
  architectureCost,
  type CostTable,
  decisionsOf,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { assemble, type Supernet } from '@easel/sdk/subnet';
import { type Normalization, type Split, spreadOverClasses } from '../data/index.js';
import { modelLogits } from '../evaluation/index.js';
import { openAlone, readAt, writeAt } from '../files/index.js';

/** What one pass of every measured subnet over the validation images left: enough for every subset of the classes. */
export interface LogitsTable {
  readonly architectures: readonly Architecture[];
  /** `[images, classes]` per architecture. */
  readonly logits: readonly Float32Array[];
  /** `[images]` */
  readonly labels: Int32Array;
  readonly classes: number;
}

export interface TableOptions {
  readonly supernet: Supernet;
  readonly architectures: readonly Architecture[];
  readonly split: Split;
  readonly classes: number;
  /** Side of the split's images, in px. */
  readonly resolution: number;
  readonly normalization: Normalization;
  /** At most so many images, spread evenly over the classes. */
  readonly images: number;
  readonly threads?: number;
  /** Where to keep what is measured: a call with the same file goes on where the last one stopped. */
  readonly file?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Images per run: few enough that a subnet's activations stay in the cache. */
const batch = 50;

/**
 * Runs every architecture over the images, once. A file that was made from other weights or images is replaced.
 * @throws LockedError if another process uses the file
 */
export async function measureLogits(options: TableOptions): Promise<LogitsTable> {
  const { supernet, architectures, split, classes, file, signal, threads } = options;
  const images = spreadOverClasses(split.labels, options.images);
  const count = images.length;
  const labels = images.map((index) => split.labels[index] as number);
  const store = file === undefined ? undefined : await LogitsFile.open(file, identity(options, images, labels));
  const all = Array.from({ length: classes }, (_, index) => index);
  try {
    const logits: Float32Array[] = (await store?.read(count * classes, architectures.length)) ?? [];
    options.onProgress?.(logits.length, architectures.length);
    for (const architecture of architectures.slice(logits.length)) {
      const model = assemble(supernet, architecture, all, { batch: 'batch' });
      const session = await nodeRuntime.createSession(model, threads ? { threads } : {});
      try {
        const measured = await modelLogits(session, split, {
          images,
          imageResolution: options.resolution,
          modelResolution: architecture.resolution,
          normalization: options.normalization,
          classOf: (label) => label,
          batch,
          onProgress: () => signal?.throwIfAborted(),
        });
        logits.push(measured.logits);
        await store?.append(measured.logits);
      } finally {
        await session.dispose();
      }
      options.onProgress?.(logits.length, architectures.length);
    }
    return { architectures, logits, labels, classes };
  } finally {
    await store?.close();
  }
}

/**
 * Architectures to measure: the largest, the smallest, half of them drawn uniformly, and half of them the best within
 * random budgets by random utilities, which fill the range of costs evenly and lie where decoding will look.
 */
export function architecturesToMeasure(
  space: SearchSpace,
  table: CostTable,
  count: number,
  random: Random,
): Architecture[] {
  const decisions = decisionsOf(space);
  const decoder = new Decoder(decisions);
  const [largest, smallest] = [largestArchitecture(space), smallestArchitecture(space)];
  const [most, least] = [largest, smallest].map((each) => architectureCost(table, decisions, each)) as [number, number];
  const unique = new Map([largest, smallest].map((each) => [formatArchitecture(each), each]));
  for (let tries = 0; unique.size < count && tries < 20 * count; tries++) {
    // Larger options are worth more, so that large budgets are used up.
    const utilities = decisions.flatMap(({ options }) =>
      Array.from({ length: options.length }, (_, i) => random.normal() + (2 * i) / options.length),
    );
    const architecture =
      tries % 2 === 0
        ? randomArchitecture(space, random)
        : decoder.decode(utilities, [{ table, most: least + (most - least) * random.float() }]);
    unique.set(formatArchitecture(architecture), architecture);
  }
  return [...unique.values()];
}

/** Equal only for the same numbers from the same weights, statistics, images and architectures. */
function identity(options: TableOptions, images: Int32Array, labels: Int32Array): Buffer {
  const { supernet, architectures, normalization, resolution, split } = options;
  const hash = createHash('sha256');
  for (const [name, { data }] of supernet.weights) hash.update(name).update(data);
  for (const [layer, keys] of supernet.statistics) {
    for (const [key, { mean, variance }] of keys)
      hash.update(`${layer}/${key}`).update(mean.data).update(variance.data);
  }
  hash.update(JSON.stringify([architectures.map(formatArchitecture), normalization, resolution])).update(labels);
  const pixels = new Uint8Array(resolution * resolution * 3);
  for (const image of images) {
    split.read([image], pixels);
    hash.update(pixels);
  }
  return hash.digest();
}

/** A digest, then the logits of one architecture after the other as little-endian float32. */
class LogitsFile {
  readonly #handle: FileHandle;
  #end: number;

  private constructor(handle: FileHandle, digestLength: number) {
    this.#handle = handle;
    this.#end = digestLength;
  }

  /** @throws LockedError if another process uses it */
  static async open(file: string, digest: Buffer): Promise<LogitsFile> {
    const handle = await openAlone(file);
    const known = await readAt(handle, Buffer.alloc(digest.length), 0).catch(() => undefined);
    if (!known?.equals(digest)) {
      await handle.truncate(0);
      await writeAt(handle, digest, 0);
    }
    return new LogitsFile(handle, digest.length);
  }

  /** The complete records, before anything is appended; what a killed process left of another one is cut off. */
  async read(length: number, most: number): Promise<Float32Array[]> {
    const { size } = await this.#handle.stat();
    const complete = Math.min(most, Math.floor((size - this.#end) / (4 * length)));
    const records: Float32Array[] = [];
    for (let i = 0; i < complete; i++) {
      const record = new Float32Array(length);
      await readAt(this.#handle, new Uint8Array(record.buffer), this.#end);
      records.push(record);
      this.#end += record.byteLength;
    }
    await this.#handle.truncate(this.#end);
    return records;
  }

  async append(logits: Float32Array): Promise<void> {
    await writeAt(this.#handle, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength), this.#end);
    this.#end += logits.byteLength;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
