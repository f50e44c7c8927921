import { createHash } from 'node:crypto';
import { open, readFile, truncate } from 'node:fs/promises';
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

/** Runs every architecture over the images, once. A file that was made from other weights or images is replaced. */
export async function measureLogits(options: TableOptions): Promise<LogitsTable> {
  const { supernet, architectures, split, classes, file, signal, threads } = options;
  const images = spreadOverClasses(split.labels, options.images);
  const count = images.length;
  const labels = images.map((index) => split.labels[index] as number);
  const store = file === undefined ? undefined : await LogitsFile.open(file, identity(options, images, labels));
  const logits: Float32Array[] = (await store?.read(count * classes, architectures.length)) ?? [];
  const all = Array.from({ length: classes }, (_, index) => index);
  try {
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
  } finally {
    await store?.close();
  }
  return { architectures, logits, labels, classes };
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

/** Equal only for the same numbers from the same weights, images and architectures. */
function identity({ supernet, architectures, normalization }: TableOptions, images: Int32Array, labels: Int32Array) {
  const hash = createHash('sha256');
  for (const [name, { data }] of supernet.weights) hash.update(name).update(data);
  hash
    .update(JSON.stringify([architectures.map(formatArchitecture), normalization]))
    .update(images)
    .update(labels);
  return hash.digest();
}

/** A digest, then the logits of one architecture after the other as little-endian float32. */
class LogitsFile {
  private constructor(
    readonly file: string,
    readonly handle: Awaited<ReturnType<typeof open>>,
    readonly digest: Buffer,
  ) {}

  static async open(file: string, digest: Buffer): Promise<LogitsFile> {
    const known = await readFile(file).catch(() => Buffer.alloc(0));
    if (!known.subarray(0, digest.length).equals(digest)) {
      const fresh = await open(file, 'w');
      await fresh.write(digest);
      await fresh.close();
    }
    return new LogitsFile(file, await open(file, 'r+'), digest);
  }

  /** The complete records; what a killed process left of another one is cut off. */
  async read(length: number, most: number): Promise<Float32Array[]> {
    const bytes = await readFile(this.file);
    const start = this.digest.length;
    const complete = Math.min(most, Math.floor((bytes.length - start) / (4 * length)));
    await truncate(this.file, start + complete * 4 * length);
    return Array.from({ length: complete }, (_, i) => {
      const from = start + i * 4 * length;
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + from + 4 * length));
    });
  }

  async append(logits: Float32Array): Promise<void> {
    const { size } = await this.handle.stat();
    await this.handle.write(Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength), 0, undefined, size);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
