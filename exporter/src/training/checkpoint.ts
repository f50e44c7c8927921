import { type FileHandle, readFile, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { SearchSpace } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import { elementCount, type Tensor, tensor } from '@easel/sdk/tensor';
import type { Normalization, SamplerState } from '../data/index.js';
import { CheckpointError } from '../errors/index.js';
import { writeAtomically, writeProblem } from '../files/index.js';
import { completeOptions, type TrainingOptions } from './options.js';
import type { PoolState } from './subnet-pool.js';

/** What a run is a run of: a checkpoint resumes only the same. */
export interface RunIdentity {
  readonly space: SearchSpace;
  readonly classes: readonly string[];
  readonly tasks: Readonly<Record<string, readonly string[]>>;
  /** Images in the train split. */
  readonly trainSize: number;
  /** Of labels and some images of the train split; checkpoints of early versions have none. */
  readonly images?: string;
  readonly options: TrainingOptions;
}

/** All of a run between two steps: going on from it gives what never having stopped gives, bit by bit. */
export interface Checkpoint {
  readonly run: RunIdentity;
  /** Steps done. */
  readonly step: number;
  readonly imagesSeen: number;
  readonly seconds: number;
  readonly normalization: Normalization;
  /** States of the random generators by purpose. */
  readonly randoms: Readonly<Record<string, readonly number[]>>;
  readonly sampler: SamplerState;
  readonly pool: PoolState;
  /** How many of the schedule's collections of statistics have been made. */
  readonly collections: number;
  /** The step after which it was evaluated last; checkpoints of early versions do not tell. */
  readonly evaluated?: number;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly velocity: ReadonlyMap<string, Float32Array>;
  /** The running mean of the weights, where there is one. */
  readonly average: ReadonlyMap<string, Float32Array> | undefined;
  readonly statistics: Statistics | undefined;
}

// File: magic (8 bytes), header length (uint32, little-endian), header (JSON), float32 arrays, little-endian.
const MAGIC = Buffer.from('EASELCK1', 'latin1');
const PREAMBLE = MAGIC.length + 4;

interface Header {
  readonly state: Omit<Checkpoint, 'weights' | 'velocity' | 'average' | 'statistics'>;
  /** In the order of their numbers. Names: `weight/NAME`, `velocity/NAME`, `average/NAME`, `statistics/LAYER/KEY/mean|variance`. */
  readonly arrays: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Of all of the above and the arrays (CRC-32); early versions had the one of the arrays alone. */
  readonly checksum?: number;
  readonly crc32?: number;
}

/** Where the one before a checkpoint is kept: a training may be about to diverge when it is saved. */
export const previousCheckpoint = (file: string) => file.replace(/(\.bin)?$/, '.previous.bin');

/**
 * Atomic: a reader, and a run that starts after a crash, sees the old checkpoint or the new one, whole.
 * @param old whether the one that is there is kept as `previousCheckpoint`; what another run, whose last one somebody has
 *   removed, has left under that name goes
 * @throws CheckpointError if the disk is full or cannot be written; then the old one is as it was
 */
export async function writeCheckpoint(
  file: string,
  checkpoint: Checkpoint,
  old: 'kept' | 'replaced' | 'of another run' = 'replaced',
): Promise<void> {
  const { weights, velocity, average, statistics, ...state } = checkpoint;
  const arrays = arraysOf(weights, { velocity, average }, statistics);
  const payloads = arrays.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  const described = { state, arrays: arrays.map(({ name, shape }) => ({ name, shape })) };
  const header: Header = { ...described, checksum: checksumOf(described, payloads) };
  const json = Buffer.from(JSON.stringify(header));
  const preamble = Buffer.alloc(PREAMBLE);
  MAGIC.copy(preamble);
  preamble.writeUInt32LE(json.length, MAGIC.length);
  try {
    const write = async (handle: FileHandle) => {
      for (const part of [preamble, json, ...payloads]) await handle.writeFile(part);
    };
    if (old === 'of another run') await rm(previousCheckpoint(file), { force: true });
    await writeAtomically(file, write, old === 'kept' ? previousCheckpoint(file) : undefined);
  } catch (cause) {
    throw new CheckpointError(file, `${writeProblem(cause)}; the last one is as it was`, { cause });
  }
}

/** The same for a header and for what was read of it: JSON keeps the order of fields. */
function checksumOf({ state, arrays }: Pick<Header, 'state' | 'arrays'>, payloads: readonly Uint8Array[]): number {
  return payloads.reduce((sum, payload) => crc32(payload, sum), crc32(JSON.stringify({ state, arrays })));
}

/** Whether nothing can go on from it: some of its numbers are not finite, or so large that their squares are not (float32). */
export function isBroken({ weights, velocity, average, statistics }: Checkpoint): boolean {
  return arraysOf(weights, { velocity, average }, statistics).some(({ data }) => {
    const squares = data.reduce((sum, value) => sum + value * value, 0);
    return !Number.isFinite(Math.fround(squares));
  });
}

/** @throws CheckpointError if the file is missing, truncated or altered. */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  return decodeCheckpoint(file, await readCheckpointBytes(file));
}

/** @throws CheckpointError if the file cannot be read */
export async function readCheckpointBytes(file: string): Promise<Buffer> {
  return readFile(file).catch((cause) => {
    throw new CheckpointError(file, `cannot be read (${cause.message})`, { cause });
  });
}

/** @param file for what is told of it @throws CheckpointError if the bytes are none, truncated or altered */
export function decodeCheckpoint(file: string, bytes: Buffer): Checkpoint {
  if (bytes.length < PREAMBLE || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new CheckpointError(file, 'is not a checkpoint');
  }
  const start = PREAMBLE + bytes.readUInt32LE(MAGIC.length);
  const truncated = (expected: number) =>
    new CheckpointError(file, `is truncated: ${bytes.length} bytes of ${expected}`);
  if (bytes.length < start) throw truncated(start);
  const header = parseHeader(file, bytes.subarray(PREAMBLE, start));
  const length = header.arrays.reduce((sum, { shape }) => sum + 4 * elementCount(shape), start);
  if (bytes.length !== length) throw truncated(length);
  const payload = bytes.subarray(start);
  const isWhole =
    header.checksum === undefined ? crc32(payload) === header.crc32 : checksumOf(header, [payload]) === header.checksum;
  if (!isWhole) throw new CheckpointError(file, 'is damaged: its checksum is wrong');
  const { run, ...state } = header.state;
  return { ...state, run: { ...run, options: completeOptions(run.options) }, ...decodeArrays(header, payload) };
}

/** What `arraysOf` has made a list of. */
function decodeArrays(
  { arrays }: Header,
  payload: Buffer,
): Pick<Checkpoint, 'weights' | 'velocity' | 'average' | 'statistics'> {
  const weights = new Map<string, Tensor>();
  const velocity = new Map<string, Float32Array>();
  const average = new Map<string, Float32Array>();
  const statistics = new Map<string, Map<string, { mean: Tensor; variance: Tensor }>>();
  let offset = 0;
  for (const { name, shape } of arrays) {
    const end = offset + 4 * elementCount(shape);
    // A copy of its own, which is also aligned.
    const data = new Float32Array(new Uint8Array(payload.subarray(offset, end)).buffer);
    offset = end;
    const [kind, first, key, moment] = name.split('/') as [string, string, string, 'mean' | 'variance'];
    if (kind === 'weight') weights.set(first, tensor(shape, data));
    else if (kind === 'velocity') velocity.set(first, data);
    else if (kind === 'average') average.set(first, data);
    else {
      const ofLayer = statistics.get(first) ?? new Map();
      statistics.set(first, ofLayer);
      ofLayer.set(key, { ...ofLayer.get(key), [moment]: tensor(shape, data) });
    }
  }
  return {
    weights,
    velocity,
    average: average.size > 0 ? average : undefined,
    statistics: statistics.size > 0 ? statistics : undefined,
  };
}

/** @throws CheckpointError that names the first difference between what was run and what is asked for. */
export function assertSameRun(file: string, saved: RunIdentity, wanted: RunIdentity): void {
  const { images, ...rest } = wanted;
  const difference = firstDifference(saved, saved.images === undefined ? rest : wanted, '');
  if (!difference) return;
  const { path, a, b } = difference;
  if (path === 'images') {
    throw new CheckpointError(
      file,
      `belongs to another data set: its ${saved.trainSize} training images have the same classes, but are not the same ` +
        'images; resume with the same data or train into another directory',
    );
  }
  const text = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
  throw new CheckpointError(
    file,
    `belongs to another run: its ${path} is ${text(a)}, but ${text(b)} is asked for; ` +
      'resume with the same settings or train into another directory',
  );
}

function arraysOf(
  weights: Checkpoint['weights'],
  { velocity, average }: Pick<Checkpoint, 'velocity' | 'average'>,
  statistics: Statistics | undefined,
) {
  const arrays: { name: string; shape: readonly number[]; data: Float32Array }[] = [];
  for (const [name, { shape, data }] of weights) arrays.push({ name: `weight/${name}`, shape, data });
  for (const [name, data] of velocity) arrays.push({ name: `velocity/${name}`, shape: [data.length], data });
  for (const [name, data] of average ?? []) arrays.push({ name: `average/${name}`, shape: [data.length], data });
  for (const [layer, keys] of statistics ?? []) {
    for (const [key, { mean, variance }] of keys) {
      arrays.push({ name: `statistics/${layer}/${key}/mean`, ...mean });
      arrays.push({ name: `statistics/${layer}/${key}/variance`, ...variance });
    }
  }
  return arrays;
}

function parseHeader(file: string, bytes: Buffer): Header {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new CheckpointError(file, 'is damaged: its header is no JSON', { cause });
  }
}

/** Where two JSON values differ first, and how; undefined where they do not. */
export function firstDifference(
  a: unknown,
  b: unknown,
  path: string,
): { path: string; a: unknown; b: unknown } | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return { path, a, b };
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const inside = path ? `${path}.${key}` : key;
    const found = firstDifference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], inside);
    if (found) return found;
  }
  return undefined;
}
