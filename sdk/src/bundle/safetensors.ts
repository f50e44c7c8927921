import { elementCount, type Tensor, tensor } from '../tensor/index.js';
import { jsonIn } from './json.js';

/**
 * The safetensors format (https://github.com/huggingface/safetensors), float32 only: the header's length (uint64,
 * little-endian), the header (JSON: name -> dtype, shape, first and last byte + 1), the numbers, little-endian.
 */
export interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the first byte after the header. */
  readonly data_offsets: readonly [number, number];
}

const lengthBytes = 8;

export function encodeSafetensors(tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  const header: Record<string, Entry> = {};
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  // Padded with spaces, so that the numbers begin at a multiple of 8.
  const text = JSON.stringify(header);
  const bare = new TextEncoder().encode(text).length;
  const json = new TextEncoder().encode(text + ' '.repeat((8 - (bare % 8)) % 8));
  const bytes = new Uint8Array(lengthBytes + json.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, lengthBytes);
  const start = lengthBytes + json.length;
  for (const [name, { data }] of tensors) {
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      start + (header[name] as Entry).data_offsets[0],
    );
  }
  return bytes;
}

/** @throws RangeError that says what is wrong: truncated, not this format, or not float32. */
export function decodeSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  if (bytes.length < lengthBytes) throw new RangeError('truncated: shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const start = lengthBytes + headerBytes;
  if (start > bytes.length) throw new RangeError('truncated or not a safetensors file: its header does not end');
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(parseHeader(bytes.subarray(lengthBytes, start)))) {
    if (name === '__metadata__') continue;
    if (!isEntry(entry)) throw new RangeError(`"${name}" is no float32 tensor`);
    const [begin, end] = entry.data_offsets;
    if (begin > end || start + end > bytes.length) throw new RangeError(`truncated: "${name}" ends beyond the file`);
    if (end - begin !== 4 * elementCount(entry.shape)) throw new RangeError(`"${name}" does not fill its shape`);
    // A copy is aligned, and does not keep the whole file in memory.
    tensors.set(
      name,
      tensor(entry.shape, new Float32Array(new Uint8Array(bytes.subarray(start + begin, start + end)).buffer)),
    );
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array): object {
  const header = jsonIn(bytes);
  if (header === null || typeof header !== 'object') throw new RangeError('not a safetensors file');
  return header;
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Partial<Entry>;
  const counts = (list: unknown) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  return dtype === 'F32' && counts(shape) && counts(data_offsets) && data_offsets?.length === 2;
}
