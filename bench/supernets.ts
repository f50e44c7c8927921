import { type Engine, openEngine } from '@easel/exporter/engine';
import { subnetLogits } from '@easel/exporter/evaluation';
import { openDataOfRun, openTrainedRun, type TrainedRun } from '@easel/exporter/pipeline';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
  spaceFingerprint,
} from '@easel/sdk/space';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, UsageError, wholeNumber } from './support/flags.js';
import {
  type Answers,
  answersOf,
  differenceInterval,
  joined,
  meanAccuracy,
  resamples,
  signedPoints,
} from './support/task-accuracies.js';

const drawn = 1000;

export const benchmark: Benchmark = {
  summary: 'finished runs of one data set against each other: all classes and tasks, the same subnets and images',

  async run(args) {
    const values = parseFlags(args, {
      runs: { type: 'string' },
      subnets: { type: 'string', default: '8' },
      tasks: { type: 'string' },
      split: { type: 'string', default: 'test' },
      threads: { type: 'string', default: '1' },
    });
    if (!values.runs) throw new UsageError('--runs FOLDER,FOLDER: wanted are run directories');
    const { split } = values;
    if (split !== 'test' && split !== 'validation') throw new UsageError(`--split ${split}: test or validation`);
    const { engine } = await openEngine({ threads: wholeNumber('threads', values.threads) });
    const subnets = wholeNumber('subnets', values.subnets, 0);
    return compare(values.runs.split(','), { engine, subnets, split, tasks: values.tasks?.split(',') });
  },
};

interface Settings {
  readonly engine: Engine;
  /** Random ones, besides the largest and the smallest. */
  readonly subnets: number;
  readonly split: 'test' | 'validation';
  /** Default: all of the first run's. */
  readonly tasks: readonly string[] | undefined;
}

/** What is asked of every subnet: all classes, or the tasks, each told apart by itself. */
type Scope = 'all classes' | 'tasks';
const scopes: readonly Scope[] = ['all classes', 'tasks'];

async function compare(directories: readonly string[], settings: Settings) {
  const runs: TrainedRun[] = [];
  for (const directory of directories) runs.push(await openTrainedRun(directory));
  const [first] = runs as [TrainedRun];
  const { space, classes, tasks } = first.checkpoint.run;
  assertAlike(directories, runs);
  const wanted = settings.tasks ?? Object.keys(tasks);
  const unknown = wanted.find((name) => !Object.hasOwn(tasks, name));
  if (unknown !== undefined) {
    throw new UsageError(`--tasks ${unknown}: ${directories[0]} has ${Object.keys(tasks).join(', ')}`);
  }
  const members = wanted.map((name) => (tasks[name] as readonly string[]).map((each) => classes.indexOf(each)));
  const subnets = subnetsOf(space, settings.subnets);
  // One data set serves all: they have the same images and classes.
  const data = await openDataOfRun(first);
  const images = data[settings.split].size;
  console.log(
    `${images} ${settings.split} images, ${wanted.length} tasks; the largest subnet, the smallest, the mean of ` +
      `${settings.subnets} random ones; 95 % intervals against the first run by bootstrap over images`,
  );
  const samples = resamples(images, drawn);
  const base = new Map<string, readonly number[]>();
  const results: Record<string, unknown> = {};
  for (const [index, run] of runs.entries()) {
    const answers = await answersOfRun(run, data, subnets, members, settings);
    const directory = directories[index] as string;
    const result: Record<string, unknown> = {};
    console.log(directory);
    for (const scope of scopes) {
      for (const group of Object.keys(subnets)) {
        const key = `${scope}, ${group}`;
        const own = answers.get(key);
        if (!own) continue;
        const accuracy = meanAccuracy(own);
        const sampled = samples.map((weights) => meanAccuracy(own, weights));
        const start = base.get(key) ?? sampled;
        base.set(key, start);
        const [least, most] = differenceInterval(sampled, start);
        console.log(
          `  ${key.padEnd(24)} ${(100 * accuracy).toFixed(1)} %` +
            (index === 0 ? '' : `   against the first ${signedPoints(least)} to ${signedPoints(most)}`),
        );
        result[key] = { accuracy: rounded(accuracy, 4), difference: [rounded(least, 4), rounded(most, 4)] };
      }
    }
    results[directory] = result;
  }
  return { split: settings.split, images, tasks: wanted.length, random_subnets: settings.subnets, results };
}

function subnetsOf(space: SearchSpace, count: number): Readonly<Record<string, readonly Architecture[]>> {
  const random = new Random(9);
  return {
    largest: [largestArchitecture(space)],
    smallest: [smallestArchitecture(space)],
    random: Array.from({ length: count }, () => randomArchitecture(space, random)),
  };
}

/** By scope and group of subnets. */
async function answersOfRun(
  { checkpoint }: TrainedRun,
  data: Awaited<ReturnType<typeof openDataOfRun>>,
  subnets: Readonly<Record<string, readonly Architecture[]>>,
  tasks: readonly (readonly number[])[],
  { engine, split }: Settings,
): Promise<ReadonlyMap<string, Answers>> {
  const { weights, statistics, normalization, run } = checkpoint;
  const { space, classes } = run;
  const everything = classes.map((_, index) => index);
  const found = new Map<string, Answers[]>();
  for (const [group, architectures] of Object.entries(subnets)) {
    for (const architecture of architectures) {
      const logits = await subnetLogits(weights, statistics, architecture, {
        space,
        classes: classes.length,
        split: data[split],
        resolution: data.resolution,
        normalization,
        engine,
      });
      for (const scope of scopes) {
        const key = `${scope}, ${group}`;
        const answers = answersOf(logits, scope === 'tasks' ? tasks : [everything]);
        found.set(key, [...(found.get(key) ?? []), answers]);
      }
    }
  }
  return new Map([...found].map(([key, answers]) => [key, joined(answers)]));
}

function assertAlike(directories: readonly string[], runs: readonly TrainedRun[]): void {
  const [first, ...others] = runs.map(({ checkpoint: { run } }) => run);
  others.forEach((run, i) => {
    const differs =
      spaceFingerprint(run.space) !== spaceFingerprint(first?.space as SearchSpace)
        ? 'search space'
        : run.classes.join() !== first?.classes.join() || run.images !== first?.images
          ? 'data set'
          : undefined;
    if (differs) throw new UsageError(`${directories[i + 1]} is of another ${differs} than ${directories[0]}`);
  });
}
