import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { readAt, writeAtomically } from '../files/index.js';
import { PixelStore } from './pixels.js';

/** Decoded images of a folder, as they lie in a cache file: split after split, class after class. */
export interface DecodedImages {
  readonly classes: readonly string[];
  /** For each split, how many images each class has. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
  readonly store: PixelStore;
}

/** Names one decoding of one source; a source that changed has another fingerprint. */
export interface CacheKey {
  readonly path: string;
  readonly fingerprint: string;
  /** In pixels; 'default' where the images decide. */
  readonly resolution: number | 'default';
}

interface Header {
  readonly key: string;
  readonly classes: readonly string[];
  readonly counts: Readonly<Record<string, readonly number[]>>;
  readonly imageBytes: number;
  readonly crc32: number;
}

// File: magic (8 bytes), header length (uint32, little-endian), header (JSON), pixels.
const MAGIC = Buffer.from('EASELPX2', 'latin1');
const PREAMBLE = MAGIC.length + 4;
const LARGEST_HEADER = 16 << 20;

/** The cached images, or undefined if there are none, they are outdated, or the file is damaged. */
export async function readCache(folder: string, key: CacheKey): Promise<DecodedImages | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(cacheFile(folder, key), 'r');
    return await readImages(file, key);
  } catch {
    // Whatever is wrong with it, decoding again mends it.
    return undefined;
  } finally {
    await file?.close();
  }
}

/** Atomic: another process sees the whole file or none. A failure costs only the next run's time, so it is a warning. */
export async function writeCache(folder: string, key: CacheKey, images: DecodedImages): Promise<void> {
  const path = cacheFile(folder, key);
  try {
    await writeAtomically(path, (file) => writeImages(file, key, images));
  } catch (error) {
    process.emitWarning(`decoded images could not be cached in ${folder}: ${(error as Error).message}`);
  }
}

async function readImages(file: FileHandle, key: CacheKey): Promise<DecodedImages | undefined> {
  const preamble = await readAt(file, Buffer.alloc(PREAMBLE), 0);
  const headerBytes = preamble.readUInt32LE(MAGIC.length);
  if (!preamble.subarray(0, MAGIC.length).equals(MAGIC) || headerBytes > LARGEST_HEADER) return undefined;
  const header: Header = JSON.parse((await readAt(file, Buffer.alloc(headerBytes), PREAMBLE)).toString('utf8'));
  const { classes, counts, imageBytes } = header;
  const count = Object.values(counts)
    .flat()
    .reduce((sum, images) => sum + images, 0);
  const { size } = await file.stat();
  let position = PREAMBLE + headerBytes;
  // The size is checked before memory is asked for.
  if (header.key !== digest(key) || size !== position + count * imageBytes) return undefined;
  const store = new PixelStore(count, imageBytes);
  let checksum = 0;
  for (const block of store.blocks) {
    await readAt(file, block, position);
    checksum = crc32(block, checksum);
    position += block.length;
  }
  return checksum === header.crc32 ? { classes, counts, store } : undefined;
}

async function writeImages(file: FileHandle, key: CacheKey, { classes, counts, store }: DecodedImages): Promise<void> {
  const checksum = store.blocks.reduce((sum, block) => crc32(block, sum), 0);
  const header: Header = { key: digest(key), classes, counts, imageBytes: store.imageBytes, crc32: checksum };
  const json = Buffer.from(JSON.stringify(header));
  const preamble = Buffer.alloc(PREAMBLE);
  MAGIC.copy(preamble);
  preamble.writeUInt32LE(json.length, MAGIC.length);
  for (const part of [preamble, json, ...store.blocks]) await file.writeFile(part);
}

/** One file per source and resolution: decoding a changed source again replaces its old file. */
function cacheFile(folder: string, { path, resolution }: CacheKey): string {
  const place = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16);
  return join(folder, `${basename(path)}-${resolution}-${place}.pixels`);
}

function digest({ path, fingerprint, resolution }: CacheKey): string {
  return createHash('sha256')
    .update(JSON.stringify([resolve(path), fingerprint, resolution]))
    .digest('hex');
}
