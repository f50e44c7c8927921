import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adapted, type Manifest } from '@easel/sdk/bundle';
import { InvalidRequestError, listed } from '@easel/sdk/errors';
import type { Supernet } from '@easel/sdk/subnet';
import {
  type AdapterGain,
  type AdapterOptions,
  type AdapterRequest,
  adapterGain,
  adapterOptions,
  trainAdapter,
} from '../adapters/index.js';
import type { MeasuredAdapter } from '../bundle/index.js';
import { type EngineRequest, openEngine } from '../engine/index.js';
import { InterruptedError, RunError } from '../errors/index.js';
import { DirectoryLock } from '../files/index.js';
import { namesIn, readJson, writeFileAtomically, writeJson } from './files.js';
import { type Provenance, provenanceOf } from './provenance.js';
import { openDataOfRun, openTrainedRun, supernetOf, type TrainedRun } from './run-directory.js';

export interface AdaptRequest {
  /** Of a finished training. */
  readonly directory: string;
  /** Default: all of the run's that have two or more classes, but not all of them. */
  readonly tasks?: readonly string[];
  readonly options?: Partial<AdapterOptions>;
  /** Where the data is now, if it has moved since the training. */
  readonly data?: string;
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: EngineRequest;
  readonly signal?: AbortSignal;
  readonly command: string;
  readonly onDecoded?: (done: number, total: number) => void;
  readonly onEvent?: (event: AdaptEvent) => void;
}

export type AdaptEvent =
  | { readonly kind: 'step'; readonly task: string; readonly done: number; readonly total: number }
  | ({ readonly kind: 'task'; readonly task: string; readonly done: number; readonly total: number } & AdaptedTask);

/** What came of a task. */
export interface AdaptedTask {
  readonly options: AdapterOptions;
  /** In the run's folder `adapters`; absent where the adapter brought nothing on validation images, and was not kept. */
  readonly file?: string;
  readonly validation: AdapterGain;
}

/** `adapters.json`: how the files in `adapters/` were made. */
export interface AdaptersReport {
  readonly schemaVersion: 1;
  readonly provenance: Provenance;
  /** SHA-256 of the weights and statistics that they change. */
  readonly supernet: string;
  readonly tasks: Readonly<Record<string, AdaptedTask>>;
}

const reportFile = (directory: string) => join(directory, 'adapters.json');
const adaptersFolder = (directory: string) => join(directory, 'adapters');
const adapterFile = (directory: string, name: string) => join(adaptersFolder(directory), name);

/**
 * Trains an adapter for every task of a finished run, and keeps those that help on validation images. Tasks that are
 * done already, of the same supernet and with the same options, are left as they are: called again after an
 * interruption, it goes on with the next one.
 * @throws RunError, LockedError, FileError, InterruptedError; InvalidRequestError for unknown tasks; DivergedError
 */
export async function adaptRun(request: AdaptRequest): Promise<AdaptersReport> {
  const lock = await DirectoryLock.acquire(request.directory);
  try {
    return await adaptLocked(request);
  } catch (error) {
    throw request.signal?.aborted ? new InterruptedError('adapting') : error;
  } finally {
    await lock.release();
  }
}

async function adaptLocked(request: AdaptRequest): Promise<AdaptersReport> {
  const { directory, signal, onEvent } = request;
  const run = await openTrainedRun(directory);
  const options = adapterOptions(request.options ?? {});
  const tasks = tasksOf(run, request.tasks);
  const supernet = supernetOf(run);
  const digest = digestOf(supernet);
  const before = await readAdapters(directory);
  const done: Record<string, AdaptedTask> = before?.supernet === digest ? { ...before.tasks } : {};
  const dataset = await openDataOfRun(run, {
    ...(request.data === undefined ? {} : { spec: request.data }),
    ...(request.onDecoded ? { onProgress: request.onDecoded } : {}),
  });
  const { engine } = await openEngine(request.engine);
  const { normalization, run: identity } = run.checkpoint;
  const provenance = await provenanceOf(request.command);
  const report = (): AdaptersReport => ({ schemaVersion: 1, provenance, supernet: digest, tasks: done });
  for (const [i, task] of tasks.entries()) {
    const known = done[task];
    const isKnown = known !== undefined && JSON.stringify(known.options) === JSON.stringify(options);
    const result = isKnown
      ? known
      : await adaptTask(directory, task, {
          supernet,
          run: identity,
          dataset: { ...dataset, tasks: identity.tasks },
          normalization,
          engine,
          options,
          ...(signal ? { signal } : {}),
          onStep: (step, total) => onEvent?.({ kind: 'step', task, done: step, total }),
        });
    done[task] = result;
    if (!isKnown) await writeJson(reportFile(directory), report());
    onEvent?.({ kind: 'task', task, done: i + 1, total: tasks.length, ...result });
  }
  await removeUnlisted(directory, report());
  return report();
}

async function adaptTask(directory: string, task: string, request: AdapterRequest): Promise<AdaptedTask> {
  const { supernet, options, run } = request;
  const bytes = await trainAdapter(task, request);
  const after = adapted(run, supernet, task, { rank: options.rank, bytes });
  const members = (run.tasks[task] as readonly string[]).map((name) => run.classes.indexOf(name));
  const validation = await adapterGain(members, supernet, after, request);
  if (validation.after <= validation.before) return { options, validation };
  // Named by its content: what an older report lists stays as it is until the new one is written.
  const file = `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.bin`;
  await writeFileAtomically(adapterFile(directory, file), bytes);
  return { options, file, validation };
}

/** Files of adapters that were made anew, or of an interrupted run. */
async function removeUnlisted(directory: string, { tasks }: AdaptersReport): Promise<void> {
  const listed = new Set(Object.values(tasks).map(({ file }) => file));
  for (const name of await namesIn(adaptersFolder(directory))) {
    if (!listed.has(name)) await rm(join(adaptersFolder(directory), name), { force: true });
  }
}

/** By task; those that are kept. */
export type RunAdapters = ReadonlyMap<string, MeasuredAdapter>;

/** How a run's adapters were made, for the bundle's manifest; undefined where it has none. */
export async function adaptersProvenance(directory: string): Promise<Manifest['provenance']['adapters']> {
  const report = await readAdapters(directory);
  const [first] = Object.values(report?.tasks ?? {});
  return report && first && { ...report.provenance, options: { ...first.options } };
}

/**
 * None where the run has none.
 * @throws RunError if they belong to another state of the supernet
 */
export async function adaptersOf(run: TrainedRun): Promise<RunAdapters> {
  const { directory } = run;
  const report = await readAdapters(directory);
  if (!report) return new Map();
  if (report.supernet !== digestOf(supernetOf(run))) {
    const goOn = `make them again: easel adapt --run ${directory}`;
    throw new RunError(directory, `its adapters belong to an earlier state of the supernet; ${goOn}`);
  }
  const adapters = new Map<string, MeasuredAdapter>();
  for (const [task, { file, options, validation }] of Object.entries(report.tasks)) {
    if (file === undefined) continue;
    const bytes = new Uint8Array(await readFile(adapterFile(directory, file)));
    adapters.set(task, { rank: options.rank, bytes, gain: validation.after - validation.before });
  }
  return adapters;
}

/** The supernet as a task has it: the run's own where there is no adapter for it. */
export function adaptedSupernet(run: TrainedRun, adapters: RunAdapters, task: string): Supernet {
  const supernet = supernetOf(run);
  const adapter = adapters.get(task);
  if (!adapter) return supernet;
  return adapted(run.checkpoint.run, supernet, task, adapter);
}

/** @throws InvalidRequestError naming the tasks there are; RunError if there are none */
function tasksOf({ directory, checkpoint }: TrainedRun, wanted: readonly string[] | undefined): readonly string[] {
  const { tasks, classes } = checkpoint.run;
  const adaptable = Object.keys(tasks).filter((task) => {
    const count = tasks[task]?.length ?? 0;
    return count > 1 && count < classes.length;
  });
  if (adaptable.length === 0) {
    throw new RunError(directory, 'has no task of two or more classes, but not all: there is nothing to adapt to');
  }
  const unknown = wanted?.find((task) => !adaptable.includes(task));
  if (unknown !== undefined) {
    throw new InvalidRequestError('tasks', unknown, `one of ${listed(adaptable)} (two or more classes, but not all)`);
  }
  return wanted ?? adaptable;
}

async function readAdapters(directory: string): Promise<AdaptersReport | undefined> {
  if (!(await namesIn(directory)).includes('adapters.json')) return undefined;
  return (await readJson(reportFile(directory))) as AdaptersReport;
}

function digestOf({ weights, statistics }: Supernet): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of weights) hash.update(name).update(data);
  for (const [layer, keys] of statistics) {
    for (const [key, { mean, variance }] of keys)
      hash.update(`${layer}/${key}`).update(mean.data).update(variance.data);
  }
  return hash.digest('hex');
}
