import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { type SearchSpace, spaceFingerprint } from '@easel/sdk/space';
import { RunError } from '../errors/index.js';
import {
  checkpointFile,
  decodeCheckpoint,
  firstDifference,
  type InitialSupernet,
  readCheckpointBytes,
} from '../training/index.js';
import { namesIn } from './files.js';
import type { Provenance } from './provenance.js';
import { readRecord } from './run-directory.js';

/** What a run started from instead of from random weights: part of its provenance. */
export interface OriginRecord {
  readonly kind: 'bundle' | 'run';
  readonly path: string;
  /** Of the file that the weights came from: supernet.onnx or a checkpoint. */
  readonly sha256: string;
  /** Steps that the run had done; a bundle does not tell. */
  readonly step?: number;
  /** What made the bundle or the run. */
  readonly provenance: Provenance;
}

export interface Origin {
  readonly record: OriginRecord;
  readonly space: SearchSpace;
  readonly supernet: InitialSupernet;
}

/**
 * The supernet of a bundle or of a run, which need not be finished.
 * @param path of its directory, or of one of the run's checkpoints
 * @throws RunError if the directory is neither, or the run has saved nothing yet; CheckpointError if the file is none
 */
export async function openOrigin(path: string): Promise<Origin> {
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (isFile) return runOrigin(dirname(path), path);
  const names = await namesIn(path);
  if (names.includes('manifest.json')) return bundleOrigin(path);
  if (names.includes('run.json')) {
    if (!names.includes('checkpoint.bin')) throw new RunError(path, 'its training has saved nothing yet to start from');
    return runOrigin(path);
  }
  const found = names.length === 0 ? 'does not exist or is empty' : 'holds neither manifest.json nor run.json';
  throw new RunError(path, `is no bundle, no run directory and no checkpoint to start from: it ${found}`);
}

async function bundleOrigin(path: string): Promise<Origin> {
  const { manifest, supernet } = await loadBundle(directorySource(path));
  const { space, classes, preprocessing, provenance, files } = manifest;
  const { command, commit, date } = provenance;
  const sha256 = files[manifest.supernet]?.sha256 as string;
  return {
    record: {
      kind: 'bundle',
      path: resolve(path),
      sha256,
      provenance: { command, date, ...(commit ? { commit } : {}) },
    },
    space,
    supernet: { weights: supernet.weights, normalization: preprocessing, classes },
  };
}

async function runOrigin(directory: string, named?: string): Promise<Origin> {
  const file = named ?? checkpointFile(directory);
  const bytes = await readCheckpointBytes(file);
  // Of the very bytes: a training that goes on replaces the file.
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { run, weights, normalization, step } = decodeCheckpoint(file, bytes);
  const record = await readRecord(directory);
  if (!record) throw new RunError(directory, `holds a checkpoint but no run.json, which says what made ${file}`);
  return {
    record: { kind: 'run', path: resolve(named ?? directory), sha256, step, provenance: record.provenance },
    space: run.space,
    supernet: { weights, normalization, classes: run.classes },
  };
}

/** @throws RunError that names the first difference */
export function assertSpaceOf(origin: Origin, space: SearchSpace): void {
  if (spaceFingerprint(origin.space) === spaceFingerprint(space)) return;
  const difference = firstDifference(origin.space, space, 'space');
  const text = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
  const { path, a, b } = difference ?? { path: 'space', a: origin.space.name, b: space.name };
  throw new RunError(
    origin.record.path,
    `has weights of another search space: its ${path} is ${text(a)}, but ${text(b)} is asked for; ` +
      'leave --space out to take its own',
  );
}

/** Opens what a run started from again, because it was stopped before its first checkpoint. */
export async function reopenOrigin({ path, sha256 }: OriginRecord): Promise<Origin> {
  const origin = await openOrigin(path);
  if (origin.record.sha256 === sha256) return origin;
  throw new RunError(path, 'has changed since the run was started from it; start anew in another directory');
}
