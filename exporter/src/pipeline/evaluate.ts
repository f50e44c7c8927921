import type { Easel } from '@easel/sdk';
import { type Bundle, loadBundle, supernetFor } from '@easel/sdk/bundle';
import { CostTables, costRange } from '@easel/sdk/generator';
import { directorySource } from '@easel/sdk/node';
import {
  type Architecture,
  architectureCost,
  countMacs,
  decisionsOf,
  formatArchitecture,
  largestArchitecture,
  type Metric,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Supernet } from '@easel/sdk/subnet';
import type { Dataset } from '../data/index.js';
import { InterruptedError } from '../errors/index.js';
import { type Logits, taskAccuracy } from '../evaluation/index.js';
import { type CrossCheck, crossCheck } from './cross-check.js';
import { measureLatencies } from './latency.js';
import { measureOverfitting, type Overfitting } from './overfitting.js';
import { imagesOfClasses, passOver } from './passes.js';
import { type Searched, searchAlike } from './searched.js';

export interface EvaluateRequest {
  /** The directory that `easel` was loaded from. */
  readonly bundle: string;
  readonly easel: Easel;
  readonly dataset: Dataset;
  /** Default: all of the bundle's. */
  readonly tasks?: readonly string[];
  /** So many, spread evenly between the costs of the smallest and of the largest subnet; or these very ones. */
  readonly budgets: number | readonly number[];
  /** Of the budgets. Default: latency where there is a profile, else MACs. */
  readonly metric?: Metric;
  /** At most so many test images, spread evenly over the classes. Default: all. */
  readonly images?: number;
  /** Timed runs of each subnet. */
  readonly repeats?: number;
  /** For the accuracies, which a device's number of threads does not change. Default 1. */
  readonly threads?: number;
  /** Also what evolutionary searches find for the same tasks and budgets, through the bundle's predictor. */
  readonly baselines?: boolean;
  /** Also how well the largest and the smallest subnet do on training and validation images. */
  readonly overfitting?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (
    stage: 'searching' | 'accuracy' | 'overfitting' | 'latency',
    done: number,
    total: number,
  ) => void;
}

export interface EvaluationRow {
  readonly task: string;
  /** Whose choice the architecture is. */
  readonly subnet: 'generated' | 'largest' | 'smallest' | Searched['subnet'];
  /** In the evaluation's metric; only where it was chosen for one. */
  readonly budget?: number;
  readonly architecture: string;
  readonly macs: number;
  readonly predictedMs?: number;
  /** The median run. */
  readonly measuredMs: number;
  /** By the bundle's predictor. */
  readonly predictedAccuracy?: number;
  /** On the test images of the task's classes, told apart from each other; with the task's adapter, if it has one. */
  readonly accuracy: number;
  /** The same without the adapter; only where there is one. */
  readonly withoutAdapter?: number;
  /** The same architecture on the same images, told apart from all classes, without an adapter. */
  readonly unspecialized: number;
  /** The same architecture on all images and classes. */
  readonly allClasses: number;
  readonly images: number;
  readonly exceedsByTable: boolean;
  /** Only where the budget is of latency. */
  readonly exceedsMeasured: boolean;
}

export interface Evaluation {
  readonly bundle: string;
  readonly device: string | undefined;
  readonly threads: number;
  readonly metric: Metric;
  readonly rows: readonly EvaluationRow[];
  readonly crossCheck: CrossCheck | undefined;
  readonly overfitting?: Overfitting;
}

type ImagePass = Logits & { readonly images: Int32Array };

interface Cell {
  readonly task: string;
  readonly subnet: EvaluationRow['subnet'];
  readonly budget?: number;
  readonly architecture: Architecture;
}

/**
 * Accuracy on test images and latency on this machine of what the bundle answers to every task and budget, beside the
 * largest and the smallest subnet. One pass of an architecture over all classes gives its accuracy on every task.
 */
export async function evaluate(request: EvaluateRequest): Promise<Evaluation> {
  const { easel, dataset, threads = 1, signal, onProgress } = request;
  const bundle = await loadBundle(directorySource(request.bundle));
  const { space, classes, tasks } = bundle.manifest;
  const metric = request.metric ?? (easel.profile ? 'latencyMs' : 'macs');
  const tables = new CostTables(space, easel.profile);
  const decisions = decisionsOf(space);
  const images = imagesOfClasses(dataset, 'test', classes, request.images);
  const cells = await chooseArchitectures(request, bundle, tables, metric);

  const architectures = new Map(cells.map(({ architecture }) => [formatArchitecture(architecture), architecture]));
  const passes = new Map<string, Logits>();
  const report = (stage: 'accuracy' | 'overfitting', done: number, total: number) => {
    if (signal?.aborted) throw new InterruptedError('evaluating');
    onProgress?.(stage, done, total);
  };
  const own = adaptedCells(cells, bundle, dataset, images);
  const passCount = architectures.size + own.size;
  let passesDone = 0;
  const pass = async (architecture: Architecture, supernet: Supernet, images: Int32Array) => {
    const onProgress = (done: number, all: number) => report('accuracy', passesDone + done / all, passCount);
    const from = { manifest: bundle.manifest, supernet };
    const logits = await passOver(architecture, { bundle: from, dataset, split: 'test', images, threads, onProgress });
    passesDone++;
    return logits;
  };
  for (const [name, architecture] of architectures) passes.set(name, await pass(architecture, bundle.supernet, images));
  const adapted = new Map<string, ImagePass>();
  for (const [key, { architecture, supernet, images }] of own) {
    adapted.set(key, { images, ...(await pass(architecture, supernet, images)) });
  }
  const overfitting = request.overfitting
    ? await measureOverfitting(
        { bundle, dataset, threads, onProgress: (done, total) => report('overfitting', done, total) },
        images.length,
        passes,
      )
    : undefined;

  const { latencies, accuracies } = await measureCells(cells, request);
  const rows = cells.map((cell): EvaluationRow => {
    const { task, subnet, budget, architecture } = cell;
    const members = (tasks[task] as readonly string[]).map((name) => classes.indexOf(name));
    const name = formatArchitecture(architecture);
    const pass = passes.get(name) as Logits;
    const ownImages = ofClasses(pass, members);
    const withAdapter = adapted.get(keyOf(cell));
    const withoutAdapter = taskAccuracy(pass, members);
    const cost = (of: Metric) => architectureCost(tables.get(of, members.length), decisions, architecture);
    const measuredMs = latencies.get(keyOf(cell)) as number;
    const predictedAccuracy = accuracies.get(keyOf(cell));
    return {
      task,
      subnet,
      ...(budget === undefined ? {} : { budget }),
      architecture: name,
      macs: countMacs(space, architecture, members.length),
      ...(easel.profile ? { predictedMs: cost('latencyMs') } : {}),
      measuredMs,
      ...(predictedAccuracy === undefined ? {} : { predictedAccuracy }),
      accuracy: withAdapter ? taskAccuracy(withAdapter, members) : withoutAdapter,
      ...(withAdapter ? { withoutAdapter } : {}),
      unspecialized: taskAccuracy(ownImages),
      allClasses: taskAccuracy(pass),
      images: ownImages.labels.length,
      exceedsByTable: budget !== undefined && cost(metric) > budget,
      exceedsMeasured: metric === 'latencyMs' && budget !== undefined && measuredMs > budget,
    };
  });
  const checked = cells.find(({ subnet }) => subnet === 'generated');
  return {
    bundle: bundle.manifest.name,
    device: easel.profile?.name,
    threads: easel.threads,
    metric,
    rows,
    crossCheck:
      checked &&
      (await crossCheck(checked, {
        ...{ easel, dataset, classes },
        pass: adapted.get(keyOf(checked)) ?? {
          images,
          ...(passes.get(formatArchitecture(checked.architecture)) as Logits),
        },
      })),
    ...(overfitting ? { overfitting } : {}),
  };
}

const keyOf = ({ task, architecture }: Cell) => `${task} ${formatArchitecture(architecture)}`;

/** Cells whose task has an adapter: what they are cut from, and the task's images among these. */
function adaptedCells(cells: readonly Cell[], bundle: Bundle, dataset: Dataset, images: Int32Array) {
  const { classes, tasks } = bundle.manifest;
  const supernets = new Map<string, Supernet>();
  const found = new Map<string, { architecture: Architecture; supernet: Supernet; images: Int32Array }>();
  for (const cell of cells) {
    const names = tasks[cell.task] as readonly string[];
    const supernet =
      supernets.get(cell.task) ??
      supernetFor(
        bundle,
        names.map((name) => classes.indexOf(name)),
      );
    supernets.set(cell.task, supernet);
    if (supernet === bundle.supernet) continue;
    const { labels } = dataset.test;
    const own = images.filter((image) => names.includes(dataset.classes[labels[image] as number] as string));
    found.set(keyOf(cell), { architecture: cell.architecture, supernet, images: own });
  }
  return found;
}

/** Generated ones for every task and budget, in one run of the generator, between the task's largest and smallest. */
async function chooseArchitectures(
  { easel, tasks, budgets, baselines, signal, onProgress }: EvaluateRequest,
  bundle: Bundle,
  tables: CostTables,
  metric: Metric,
): Promise<Cell[]> {
  const { manifest } = bundle;
  const { space } = manifest;
  const chosen = tasks ?? Object.keys(manifest.tasks).filter((task) => (manifest.tasks[task]?.length ?? 0) > 1);
  const asked = chosen.flatMap((task) => {
    const count = manifest.tasks[task]?.length ?? 0;
    const levels = typeof budgets === 'number' ? budgetLevels(tables, metric, count, budgets) : budgets;
    return levels.map((budget) => ({ task, budget }));
  });
  const generated = await easel.architectures(
    asked.map(({ task, budget }) => ({ tasks: [task], budget: { [metric]: budget } })),
  );
  const searched = baselines
    ? await searchAlike(bundle, tables, metric, asked, (done, total) => {
        if (signal?.aborted) throw new InterruptedError('evaluating');
        onProgress?.('searching', done, total);
      })
    : [];
  return chosen.flatMap((task): Cell[] => [
    { task, subnet: 'smallest', architecture: smallestArchitecture(space) },
    ...asked.flatMap((each, i) =>
      each.task === task ? [{ ...each, subnet: 'generated' as const, architecture: generated[i] as Architecture }] : [],
    ),
    ...searched.filter((each) => each.task === task),
    { task, subnet: 'largest', architecture: largestArchitecture(space) },
  ]);
}

/** The middles of `count` equal parts of the range from the cheapest to the most expensive subnet. */
export function budgetLevels(tables: CostTables, metric: Metric, classes: number, count: number): number[] {
  const { smallest, largest } = costRange(decisionsOf(tables.space), tables.get(metric, classes));
  return Array.from({ length: count }, (_, i) => smallest + ((largest - smallest) * (i + 0.5)) / count);
}

/** Measured latencies and predicted accuracies of each task's own models, by `task architecture`. */
async function measureCells(cells: readonly Cell[], request: EvaluateRequest) {
  const { easel, repeats, signal, onProgress } = request;
  const subjects = new Map<string, { model: Uint8Array; resolution: number }>();
  const accuracies = new Map<string, number>();
  for (const cell of cells) {
    const { task, architecture } = cell;
    const key = keyOf(cell);
    if (subjects.has(key)) continue;
    const classifier = await easel.specialize({ tasks: [task], architecture });
    subjects.set(key, { model: classifier.toOnnx(), resolution: architecture.resolution });
    const { accuracy } = classifier.predicted;
    if (accuracy !== undefined) accuracies.set(key, accuracy);
    await classifier.dispose();
  }
  const measured = await measureLatencies([...subjects.values()], {
    threads: easel.threads,
    ...(repeats === undefined ? {} : { repeats }),
    ...(signal ? { signal } : {}),
    onProgress: (done, total) => onProgress?.('latency', done, total),
  }).catch((error) => {
    throw signal?.aborted ? new InterruptedError('evaluating') : error;
  });
  const latencies = new Map([...subjects.keys()].map((key, i) => [key, measured[i] as number]));
  return { latencies, accuracies };
}

/** The images with one of these labels. */
function ofClasses({ logits, labels }: Logits, wanted: readonly number[]): Logits {
  const width = logits.length / labels.length;
  const kept = [...labels.keys()].filter((image) => wanted.includes(labels[image] as number));
  const rows = new Float32Array(kept.length * width);
  kept.forEach((image, i) => {
    rows.set(logits.subarray(image * width, (image + 1) * width), i * width);
  });
  return { logits: rows, labels: Int32Array.from(kept, (image) => labels[image] as number) };
}
