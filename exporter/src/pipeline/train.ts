import { basename, resolve } from 'node:path';
import type { SearchSpace } from '@easel/sdk/space';
import type { Dataset } from '../data/index.js';
import { type EngineRequest, openEngine } from '../engine/index.js';
import { RunError, TrainingInterruptedError } from '../errors/index.js';
import { DirectoryLock, lockFileName } from '../files/index.js';
import { TrainingReport } from '../report/index.js';
import {
  checkpointFile,
  defaultProgressive,
  firstDifference,
  sameClasses,
  type TrainedSupernet,
  type TrainingEvent,
  type TrainingOptions,
  type TrainSupernetArguments,
  trainingOptions,
  trainSupernet,
} from '../training/index.js';
import { namesIn } from './files.js';
import { assertSpaceOf, type Origin, openOrigin, reopenOrigin } from './origin.js';
import { provenanceOf } from './provenance.js';
import { type DataSource, openData, type RunRecord, readRecord, writeRecord } from './run-directory.js';

/** Training options of which any part may be missing, at every level. */
export type PartialTrainingOptions = {
  readonly [Field in keyof TrainingOptions]?: TrainingOptions[Field] extends number | boolean | string
    ? TrainingOptions[Field]
    : Partial<TrainingOptions[Field]> | Extract<TrainingOptions[Field], null>;
};

export interface TrainRequest
  extends Pick<
    TrainSupernetArguments,
    'signal' | 'checkpointMinutes' | 'evaluationEpochs' | 'evaluationImages' | 'reportSteps'
  > {
  /** New or empty; with `resume`, that of the run to go on with. */
  readonly directory: string;
  /** Goes on with the run in `directory`, or starts one where there is none. */
  readonly resume?: boolean;
  /** What is not given comes from the run to resume. */
  readonly data?: DataSource;
  readonly space?: SearchSpace;
  readonly options?: PartialTrainingOptions;
  /** A bundle or a run whose supernet a new run starts from; its search space is the default. */
  readonly init?: string;
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: EngineRequest;
  /** Whether `report.html` is written. Default true. */
  readonly report?: boolean;
  /** For `run.json`. */
  readonly command: string;
  readonly onDecoded?: (done: number, total: number) => void;
  readonly onStart?: (start: TrainingStart) => void;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface TrainingStart {
  readonly dataset: Dataset;
  readonly space: SearchSpace;
  readonly options: TrainingOptions;
  /** What computes, and why in this form. */
  readonly engine: { readonly name: string; readonly reason: string };
  /** What a new run starts from. */
  readonly origin?: { readonly path: string; readonly freshClassifier: boolean };
}

export interface TrainResult extends TrainedSupernet {
  readonly dataset: Dataset;
  readonly space: SearchSpace;
}

/**
 * Trains a supernet in a run directory, or goes on with one. Nothing is written before data and options were checked.
 * @throws RunError if the directory is not empty and `resume` is not asked for, or there is nothing to resume
 * @throws EngineUnavailableError that says what to do; LockedError if another process trains in the directory; FileError if it cannot be written
 */
export async function train(request: TrainRequest): Promise<TrainResult> {
  const lock = await DirectoryLock.acquire(request.directory);
  try {
    return await trainLocked(request);
  } finally {
    await lock.release();
  }
}

async function trainLocked(request: TrainRequest): Promise<TrainResult> {
  const { directory, resume = false, command } = request;
  const names = (await namesIn(directory)).filter((name) => name !== lockFileName);
  if (!resume && names.length > 0) {
    throw new RunError(directory, 'is not empty; go on with the run in it by --resume, or choose another directory');
  }
  const record = await readRecord(directory);
  const data = request.data ?? record?.data;
  const origin = await originOf(request, record);
  const space = request.space ?? record?.space ?? origin?.space;
  if (!data || !space) throw new RunError(directory, 'holds no run to resume; say what to train: --data and --space');
  if (origin) assertSpaceOf(origin, space);
  const options = trainingOptions(mergeTrainingOptions(record?.options ?? {}, request.options ?? {}));
  const { engine, reason } = await openEngine(request.engine);
  const dataset = await openData(data, request.onDecoded);
  const begun = names.includes(basename(checkpointFile(directory)));
  const recorded = record !== undefined && (begun || !asksForOther(request, record, options));
  if (!recorded) {
    const provenance = await provenanceOf(command);
    const init = origin && { init: origin.record };
    await writeRecord(directory, { schemaVersion: 1, provenance: { ...provenance, ...init }, data, space, options });
  }
  const initial = origin?.supernet;
  const start = initial && {
    origin: { path: origin.record.path, freshClassifier: !sameClasses(initial.classes, dataset.classes) },
  };
  request.onStart?.({ dataset, space, options, engine: { name: engine.name, reason }, ...start });
  const reported = { directory, dataset, space, options, command: recorded ? record.provenance.command : command };
  const report = request.report === false ? undefined : await TrainingReport.open(reported);
  const trained = await trainSupernet({
    ...request,
    engine,
    dataset,
    space,
    options,
    resume,
    ...(initial ? { initial } : {}),
    onEvent(event) {
      report?.add(event);
      request.onEvent?.(event);
    },
  }).catch(async (error) => {
    await report?.end(error instanceof TrainingInterruptedError ? 'stopped' : 'failed');
    throw error;
  });
  await report?.end('finished');
  return { ...trained, dataset, space };
}

/** Of a run that has saved nothing yet: its record must not tell of what was asked for before. */
function asksForOther({ data, space }: TrainRequest, record: RunRecord, options: TrainingOptions): boolean {
  return data !== undefined || space !== undefined || firstDifference(record.options, options, '') !== undefined;
}

/** What a run without a checkpoint starts from. @throws RunError if a run is to be resumed from something else */
async function originOf({ directory, init }: TrainRequest, record: RunRecord | undefined): Promise<Origin | undefined> {
  const begun = record?.provenance.init;
  if (record && init !== undefined && resolve(init) !== begun?.path) {
    const from = begun ? begun.path : 'random weights';
    throw new RunError(directory, `was started from ${from}, not from ${init}; --init is for a new run`);
  }
  if (record && (await namesIn(directory)).includes('checkpoint.bin')) return undefined;
  if (begun) return reopenOrigin(begun);
  return init === undefined ? undefined : openOrigin(init);
}

/** Fields of `over` win; groups of fields are merged one by one. */
export function mergeTrainingOptions(
  base: PartialTrainingOptions,
  over: PartialTrainingOptions,
): Partial<TrainingOptions> {
  // What is off by default has the defaults of its fields too.
  const defaults = { ...trainingOptions(), progressive: defaultProgressive };
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(over)) {
    const isGroup = typeof value === 'object' && value !== null;
    const below = merged[field] ?? defaults[field as keyof TrainingOptions];
    merged[field] = isGroup ? { ...(below as object), ...value } : value;
  }
  // A group of which only `base` names a part gets its other fields too.
  for (const [field, value] of Object.entries(merged)) {
    if (typeof value === 'object' && value !== null) {
      merged[field] = { ...(defaults[field as keyof TrainingOptions] as object), ...value };
    }
  }
  return merged as Partial<TrainingOptions>;
}
