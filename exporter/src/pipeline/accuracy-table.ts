import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  countMacs,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Supernet } from '@easel/sdk/subnet';
import { type Dataset, imagesOf, partOf, type Split } from '../data/index.js';
import { openEngine } from '../engine/index.js';
import { type Logits, subnetLogits, taskAccuracy } from '../evaluation/index.js';
import { adaptedSupernet, type RunAdapters } from './adapt.js';
import { supernetOf, type TrainedRun } from './run-directory.js';

/** Measured on test images when a bundle is written; goes into its manifest. */
export interface AccuracyTable {
  readonly split: 'test';
  readonly images: number;
  readonly subnets: Readonly<Record<Size, { readonly architecture: string; readonly macs: number }>>;
  /** On the images of all classes. */
  readonly allClasses: Readonly<Record<Size, number>>;
  /** Per task of two or more classes, on its images, told apart from each other. */
  readonly tasks: Readonly<Record<string, Readonly<Record<Size, number>>>>;
}

type Size = 'largest' | 'middle' | 'smallest';
type Passes = Readonly<Record<Size, Logits>>;

/** Test images, at most, spread evenly over the classes. */
const MOST_IMAGES = 10_000;

/** @param adapters tasks that have one are measured with it */
export async function accuracyTable(run: TrainedRun, dataset: Dataset, adapters: RunAdapters): Promise<AccuracyTable> {
  const { space, classes, tasks, normalization } = { ...run.checkpoint, ...run.checkpoint.run };
  const { engine } = await openEngine();
  const architectures: Record<Size, Architecture> = {
    largest: largestArchitecture(space),
    middle: middleArchitecture(space, classes.length),
    smallest: smallestArchitecture(space),
  };
  const { resolution, test } = dataset;
  const passesOf = async ({ weights, statistics }: Supernet, split: Split): Promise<Passes> => {
    const options = { space, classes: classes.length, split, resolution, normalization, engine, images: MOST_IMAGES };
    const pass = (size: Size) => subnetLogits(weights, statistics, architectures[size], options);
    return { largest: await pass('largest'), middle: await pass('middle'), smallest: await pass('smallest') };
  };
  const passes = await passesOf(supernetOf(run), test);
  const ofTasks: [string, Record<Size, number>][] = [];
  for (const [task, names] of Object.entries(tasks)) {
    if (names.length < 2) continue;
    const members = names.map((name) => classes.indexOf(name));
    const own = adapters.has(task)
      ? await passesOf(adaptedSupernet(run, adapters, task), partOf(test, imagesOf(test, members)))
      : passes;
    ofTasks.push([task, accuracies(own, members)]);
  }
  return {
    split: 'test',
    images: passes.largest.labels.length,
    subnets: bySize((size) => ({
      architecture: formatArchitecture(architectures[size]),
      macs: countMacs(space, architectures[size], classes.length),
    })),
    allClasses: accuracies(passes),
    tasks: Object.fromEntries(ofTasks),
  };
}

/** Of many random architectures, the one whose MACs are nearest to half way from the smallest's to the largest's. */
export function middleArchitecture(space: SearchSpace, classes: number): Architecture {
  const macs = (architecture: Architecture) => countMacs(space, architecture, classes);
  const wanted = (macs(smallestArchitecture(space)) + macs(largestArchitecture(space))) / 2;
  const random = new Random(0);
  const drawn = Array.from({ length: 500 }, () => randomArchitecture(space, random));
  const off = (architecture: Architecture) => Math.abs(macs(architecture) - wanted);
  return drawn.reduce((best, each) => (off(each) < off(best) ? each : best));
}

function accuracies(passes: Passes, members?: readonly number[]) {
  return bySize((size) => Number(taskAccuracy(passes[size], members).toFixed(4)));
}

function bySize<T>(value: (size: Size) => T): Record<Size, T> {
  return { largest: value('largest'), middle: value('middle'), smallest: value('smallest') };
}
