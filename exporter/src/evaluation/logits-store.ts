import type { FileHandle } from 'node:fs/promises';
import { fromFloat16, toFloat16 } from '@easel/sdk/onnx';
import { openAlone, readAt, writeAt } from '../files/index.js';

/**
 * Logits by subnet and class, as float16: in memory, or appended to a file, from which a later process goes on where
 * this one stopped. What is stored of an image is its logits less the largest of them, so that the rounding is finest
 * where classes are closest.
 *
 * File: the identity and its length, then records: length of a header (uint32), header (JSON), float16 numbers.
 */
export class LogitsStore {
  readonly #file: FileHandle | undefined;
  readonly #kept = new Map<string, Uint16Array | { readonly position: number; readonly length: number }>();
  #end = 0;

  private constructor(file?: FileHandle) {
    this.#file = file;
  }

  static inMemory(): LogitsStore {
    return new LogitsStore();
  }

  /**
   * @param identity of what the logits are of: weights, images. A file with another identity is replaced, and what a
   *   killed process or a power cut left of a last record is cut off.
   * @throws LockedError if another process uses it
   */
  static async open(path: string, identity: string): Promise<LogitsStore> {
    const file = await openAlone(path);
    const store = new LogitsStore(file);
    const own = withLength(Buffer.from(identity));
    const found = await readAt(file, Buffer.alloc(own.length), 0).catch(() => undefined);
    if (!found?.equals(own)) {
      await file.truncate(0);
      await writeAt(file, own, 0);
    }
    store.#end = own.length;
    await store.#readIndex((await file.stat()).size);
    await file.truncate(store.#end);
    return store;
  }

  has(subnet: string, label: number): boolean {
    return this.#kept.has(`${subnet} ${label}`);
  }

  /** `[images of the class, classes]` @throws RangeError if there are none */
  async get(subnet: string, label: number): Promise<Float32Array> {
    const kept = this.#kept.get(`${subnet} ${label}`);
    if (!kept) throw new RangeError(`no logits of ${subnet} for class ${label}`);
    if (kept instanceof Uint16Array) return fromFloat16(kept);
    const bits = new Uint16Array(kept.length);
    await readAt(this.#file as FileHandle, new Uint8Array(bits.buffer), kept.position);
    return fromFloat16(bits);
  }

  /** @param parts of each class, `[images of the class, classes]` */
  async add(subnet: string, parts: ReadonlyMap<number, Float32Array>, classes: number): Promise<void> {
    const numbers = [...parts.values()].map((logits) => toFloat16(lessTheLargest(logits, classes)));
    if (this.#file) {
      const lengths = [...parts.keys()].map((label, i) => [label, numbers[i]?.length as number] as const);
      const header = withLength(Buffer.from(JSON.stringify({ subnet, lengths })));
      const record = Buffer.concat([header, ...numbers.map(({ buffer }) => new Uint8Array(buffer))]);
      await writeAt(this.#file, record, this.#end);
      this.#index(subnet, lengths, this.#end + header.length);
    } else {
      for (const [i, label] of [...parts.keys()].entries())
        this.#kept.set(`${subnet} ${label}`, numbers[i] as Uint16Array);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #readIndex(size: number): Promise<void> {
    const file = this.#file as FileHandle;
    const prefix = Buffer.alloc(4);
    while (this.#end + prefix.length <= size) {
      await readAt(file, prefix, this.#end);
      const start = this.#end + prefix.length + prefix.readUInt32LE();
      if (start > size) return;
      const header = parseHeader(await readAt(file, Buffer.alloc(prefix.readUInt32LE()), this.#end + prefix.length));
      if (!header) return;
      const { subnet, lengths } = header;
      if (start + 2 * lengths.reduce((sum, [, length]) => sum + length, 0) > size) return;
      this.#index(subnet, lengths, start);
    }
  }

  #index(subnet: string, lengths: readonly (readonly [number, number])[], start: number): void {
    let position = start;
    for (const [label, length] of lengths) {
      this.#kept.set(`${subnet} ${label}`, { position, length });
      position += 2 * length;
    }
    this.#end = position;
  }
}

interface RecordHeader {
  readonly subnet: string;
  /** Of each class, how many numbers. */
  readonly lengths: readonly (readonly [label: number, length: number])[];
}

/** Undefined where none was written: a power cut may leave zeros at the end of a file. */
function parseHeader(bytes: Buffer): RecordHeader | undefined {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function withLength(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}

function lessTheLargest(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const own = logits.subarray(row, row + classes);
    const largest = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    for (let c = 0; c < classes; c++) result[row + c] = (own[c] as number) - largest;
  }
  return result;
}
