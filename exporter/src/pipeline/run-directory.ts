import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseSearchSpace, type SearchSpace } from '@easel/sdk/space';
import type { Statistics, Supernet } from '@easel/sdk/subnet';
import * as v from 'valibot';
import { type Dataset, type DatasetOptions, openDataset } from '../data/index.js';
import { RunError } from '../errors/index.js';
import {
  type Checkpoint,
  checkpointFile,
  completeOptions,
  readCheckpoint,
  scheduleOf,
  type TrainingOptions,
} from '../training/index.js';
import { namesIn, readJson, writeJson } from './files.js';
import type { OriginRecord } from './origin.js';
import type { Provenance } from './provenance.js';

/** Which images a run is about: the arguments of `openDataset` that decide what it answers. */
export interface DataSource
  extends Pick<DatasetOptions, 'resolution' | 'tasksFile' | 'validationFraction' | 'seed' | 'cacheFolder'> {
  readonly spec: string;
}

/** `run.json`: what a run was asked to do. The checkpoint beside it holds what came of it. */
export interface RunRecord {
  readonly schemaVersion: 1;
  readonly provenance: Provenance & {
    /** What the training started from, if not from random weights. */
    readonly init?: OriginRecord;
  };
  readonly data: DataSource;
  readonly space: SearchSpace;
  readonly options: TrainingOptions;
}

export const recordFile = (directory: string) => join(directory, 'run.json');
export const tasksCopy = (directory: string) => join(directory, 'tasks.json');
export const generatorFile = (directory: string) => join(directory, 'generator.onnx');
export const predictorFile = (directory: string) => join(directory, 'predictor.onnx');
export const logitsFile = (directory: string) => join(directory, 'logits.bin');
export const generatorReportFile = (directory: string) => join(directory, 'generator.json');
export const profilesFolder = (directory: string) => join(directory, 'profiles');

/** The arguments again, with a file of tasks copied into the run, so that it does not change under it. */
export async function writeRecord(directory: string, record: RunRecord): Promise<void> {
  const { spec, tasksFile, ...data } = record.data;
  await mkdir(directory, { recursive: true });
  const copy = tasksCopy(directory);
  if (tasksFile !== undefined && resolve(tasksFile) !== resolve(copy)) await copyFile(tasksFile, copy);
  await writeJson(recordFile(directory), {
    ...record,
    data: { spec: absolute(spec), ...data, ...(tasksFile === undefined ? {} : { tasksFile: 'tasks.json' }) },
  });
}

const provenanceFields = { command: v.string(), date: v.string(), commit: v.optional(v.string()) };

const recordSchema = v.looseObject({
  schemaVersion: v.literal(1),
  provenance: v.looseObject({
    ...provenanceFields,
    init: v.optional(
      v.looseObject({
        kind: v.picklist(['bundle', 'run']),
        path: v.string(),
        sha256: v.string(),
        step: v.optional(v.number()),
        provenance: v.looseObject(provenanceFields),
      }),
    ),
  }),
  data: v.looseObject({
    spec: v.string(),
    tasksFile: v.optional(v.string()),
    resolution: v.optional(v.number()),
    validationFraction: v.optional(v.number()),
    seed: v.optional(v.number()),
    cacheFolder: v.optional(v.nullable(v.string())),
  }),
  space: v.unknown(),
  options: v.looseObject({ batchSize: v.number(), epochs: v.number() }),
});

/** Undefined where there is none. @throws RunError if it is damaged; FileError if it cannot be read */
export async function readRecord(directory: string): Promise<RunRecord | undefined> {
  if (!(await namesIn(directory)).includes('run.json')) return undefined;
  const file = recordFile(directory);
  const parsed = v.safeParse(recordSchema, await readJson(file));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new RunError(file, `${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
  }
  const { data, space, options, ...record } = parsed.output;
  const tasksFile = data.tasksFile === undefined ? {} : { tasksFile: resolve(directory, data.tasksFile) };
  return {
    ...record,
    options: completeOptions(options as unknown as TrainingOptions),
    space: parseSearchSpace(space),
    data: { ...data, ...tasksFile },
  } as unknown as RunRecord;
}

/** A supernet whose training is finished. */
export interface TrainedRun {
  readonly directory: string;
  readonly record: RunRecord;
  readonly checkpoint: Checkpoint & { readonly statistics: Statistics };
}

export function supernetOf({ checkpoint }: TrainedRun): Supernet {
  return { space: checkpoint.run.space, weights: checkpoint.weights, statistics: checkpoint.statistics };
}

/** @throws RunError if there is no run, or its training is not finished; CheckpointError if its checkpoint is damaged */
export async function openTrainedRun(directory: string): Promise<TrainedRun> {
  const record = await readRecord(directory);
  const names = await namesIn(directory);
  if (!record) {
    const found = names.length === 0 ? 'does not exist or is empty' : 'holds no run.json';
    throw new RunError(directory, `is no run directory: it ${found}; make one with easel train`);
  }
  const goOn = `go on with: easel train --out ${directory} --resume`;
  if (!names.includes('checkpoint.bin')) throw new RunError(directory, `its training has saved nothing yet; ${goOn}`);
  const checkpoint = await readCheckpoint(checkpointFile(directory));
  const { statistics, step, run } = checkpoint;
  const { totalSteps } = scheduleOf(run.options, run.trainSize);
  if (step < totalSteps || !statistics) {
    throw new RunError(directory, `its training is at step ${step} of ${totalSteps}; ${goOn}`);
  }
  return { directory, record, checkpoint: { ...checkpoint, statistics } };
}

/**
 * The data that a run was trained on, from where it was, or from where it is now.
 * @throws RunError if the classes there are others
 */
export async function openDataOfRun(
  { directory, record, checkpoint }: TrainedRun,
  { spec, onProgress }: { spec?: string; onProgress?: (done: number, total: number) => void } = {},
): Promise<Dataset> {
  const data = spec === undefined ? record.data : { ...record.data, spec };
  const dataset = await openData(data, onProgress);
  const { classes } = checkpoint.run;
  if (dataset.classes.join('\n') !== classes.join('\n')) {
    throw new RunError(
      directory,
      `was trained on the ${classes.length} classes of ${record.data.spec}; ${data.spec} has ${dataset.classes.length} others`,
    );
  }
  return dataset;
}

export function openData(
  { spec, ...options }: DataSource,
  onProgress?: (done: number, total: number) => void,
): Promise<Dataset> {
  return openDataset(spec, { ...options, ...(onProgress ? { onProgress } : {}) });
}

/** Built-in data sets have a name instead of a place. */
function absolute(spec: string): string {
  return spec === 'glyphs' ? spec : resolve(spec);
}
