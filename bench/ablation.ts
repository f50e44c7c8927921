import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, openDataset } from '@easel/exporter/data';
import { type Engine, openEngine } from '@easel/exporter/engine';
import { percentileInterval, subnetLogits } from '@easel/exporter/evaluation';
import { mergeTrainingOptions, type PartialTrainingOptions } from '@easel/exporter/pipeline';
import { type TrainedSupernet, trainingOptions, trainSupernet } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  countMacs,
  formatArchitecture,
  largestArchitecture,
  parseSearchSpace,
  presetSpace,
  presets,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
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

/** What each trial changes of the recipe that all share. No name holds a comma: --only is separated by them. */
const trials: Readonly<Record<string, PartialTrainingOptions>> = {
  default: {},
  'no task dropout': { taskDropout: { keepAll: 1 } },
  'single tasks only': { taskDropout: { keepAll: 0, singleTask: 1 } },
  'all or single tasks': { taskDropout: { keepAll: 0.5, singleTask: 1 } },
  'unions of tasks': { taskDropout: { keepAll: 0.2, singleTask: 0 } },
  'random classes': { taskDropout: { keepAll: 0.5, randomClasses: 1 } },
  'half all classes': { taskDropout: { keepAll: 0.5 } },
  'per image': { taskDropout: { per: 'image', keepAll: 0.5 } },
  'per image mostly tasks': { taskDropout: { per: 'image', keepAll: 0.2 } },
  'per image single tasks': { taskDropout: { per: 'image', keepAll: 0.3, singleTask: 1 } },
  'no distillation': { distillation: false },
  'temperature 2': { temperature: 2 },
  'alpha divergence': { divergence: 'alpha' },
  averaging: { averaging: 0.99 },
  progressive: { progressive: {} },
  'two random subnets': { randomSubnets: 2 },
  cutout: { augmentation: { cutout: 8 } },
  cutMix: { augmentation: { cutMix: 0.5 } },
  'no augmentation': { augmentation: null },
  'no label smoothing': { labelSmoothing: 0 },
};

const budgets = 5;
const subnetsPerBudget = 2;

export const benchmark: Benchmark = {
  summary: 'options of the training recipe, one at a time: task accuracy after equally many steps (slow)',

  async run(args) {
    const values = parseFlags(args, {
      data: { type: 'string', default: 'glyphs' },
      'tasks-file': { type: 'string' },
      space: { type: 'string', default: 'tiny-32' },
      steps: { type: 'string', default: '300' },
      'batch-size': { type: 'string', default: '64' },
      seeds: { type: 'string', default: '1' },
      images: { type: 'string', default: '2000' },
      only: { type: 'string' },
      options: { type: 'string' },
      threads: { type: 'string', default: '1' },
    });
    const space = await spaceOf(values.space);
    const dataset = await openDataset(values.data, {
      resolution: space.resolutions.at(-1) as number,
      ...(values['tasks-file'] ? { tasksFile: values['tasks-file'] } : {}),
    });
    const names = values.only ? ['default', ...values.only.split(',')] : Object.keys(trials);
    const unknown = names.find((name) => !Object.hasOwn(trials, name));
    if (unknown !== undefined) throw new UsageError(`no trial "${unknown}"; trials: ${Object.keys(trials).join(', ')}`);
    const shared = values.options ? JSON.parse(await readFile(values.options, 'utf8')) : {};
    return compare(dataset, space, [...new Set(names)], {
      steps: wholeNumber('steps', values.steps),
      batchSize: wholeNumber('batch-size', values['batch-size']),
      seeds: wholeNumber('seeds', values.seeds),
      images: wholeNumber('images', values.images),
      shared,
      engine: (await openEngine({ threads: wholeNumber('threads', values.threads) })).engine,
    });
  },
};

interface Settings {
  readonly steps: number;
  readonly batchSize: number;
  readonly seeds: number;
  readonly images: number;
  readonly engine: Engine;
  /** Options of all trials. */
  readonly shared: PartialTrainingOptions;
}

async function compare(dataset: Dataset, space: SearchSpace, names: readonly string[], settings: Settings) {
  const { steps, batchSize, seeds, images } = settings;
  console.log(
    `${dataset.name}, ${space.name}: ${steps} steps of ${batchSize} images, ${seeds} seed(s); mean accuracy over ` +
      `${Object.keys(dataset.tasks).length} tasks and all classes, ${budgets} budgets of ${subnetsPerBudget} subnets, ` +
      `${Math.min(images, dataset.validation.size)} validation images; 95 % intervals by bootstrap over images`,
  );
  const architectures = subnetsOfBudgets(space, new Random(1));
  const drawn = resamples(Math.min(images, dataset.validation.size), 300);
  const results: Record<string, unknown> = {};
  let base: readonly number[] = [];
  for (const name of names) {
    const answers: Answers[] = [];
    const each: number[] = [];
    const started = performance.now();
    for (let seed = 0; seed < seeds; seed++) {
      const trained = await trainTrial(dataset, space, trials[name] as PartialTrainingOptions, seed, settings);
      const ofSeed = joined(await answersOfAll(trained, dataset, space, architectures, settings));
      answers.push(ofSeed);
      each.push(meanAccuracy(ofSeed));
    }
    const all = joined(answers);
    const accuracy = meanAccuracy(all);
    const sampled = drawn.map((weights) => meanAccuracy(all, weights));
    if (name === 'default') base = sampled;
    const [low, high] = percentileInterval(sampled);
    const [least, most] = differenceInterval(sampled, base);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${name.padEnd(20)} ${percent(accuracy)} [${percent(low)}, ${percent(high)}]  ` +
        `against default [${signedPoints(least)}, ${signedPoints(most)}]  seeds ${each.map(percent).join(' ')}  ${seconds.toFixed(0)} s`,
    );
    results[name] = {
      accuracy: rounded(accuracy, 4),
      interval: [rounded(low, 4), rounded(high, 4)],
      difference: [rounded(least, 4), rounded(most, 4)],
      seeds: each.map((value) => rounded(value, 4)),
      seconds: Math.round(seconds),
    };
  }
  return { data: dataset.name, space: space.name, steps, batch: batchSize, results };
}

async function trainTrial(
  dataset: Dataset,
  space: SearchSpace,
  trial: PartialTrainingOptions,
  seed: number,
  { steps, batchSize, shared, engine }: Settings,
): Promise<TrainedSupernet> {
  const directory = await mkdtemp(join(tmpdir(), 'easel-ablation-'));
  const epochs = (steps * batchSize) / dataset.train.size;
  const short: PartialTrainingOptions = {
    seed,
    batchSize,
    epochs: 0.8 * epochs,
    finishingEpochs: 0.2 * epochs,
    statistics: { architectures: 40, extremes: 5, collections: 1 },
  };
  const options = trainingOptions(mergeTrainingOptions(mergeTrainingOptions(short, shared), trial));
  try {
    return await trainSupernet({
      ...{ dataset, space, options, directory, engine },
      evaluationEpochs: 0,
      checkpointMinutes: 1e6,
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function answersOfAll(
  { weights, statistics, normalization }: TrainedSupernet,
  dataset: Dataset,
  space: SearchSpace,
  architectures: readonly Architecture[],
  { engine, images }: Settings,
): Promise<Answers[]> {
  const everything = dataset.classes.map((_, index) => index);
  const tasks = [
    everything,
    ...Object.values(dataset.tasks).map((names) => names.map((name) => dataset.classes.indexOf(name))),
  ].filter((members) => members.length > 1);
  const answers: Answers[] = [];
  for (const architecture of architectures) {
    const logits = await subnetLogits(weights, statistics, architecture, {
      space,
      classes: dataset.classes.length,
      split: dataset.validation,
      resolution: dataset.resolution,
      normalization,
      engine,
      images,
    });
    answers.push(answersOf(logits, tasks));
  }
  return answers;
}

/** For budgets spread evenly from the smallest to the largest subnet, the random ones that come nearest to each. */
function subnetsOfBudgets(space: SearchSpace, random: Random): readonly Architecture[] {
  const least = countMacs(space, smallestArchitecture(space), 10);
  const most = countMacs(space, largestArchitecture(space), 10);
  const known = new Map<string, { architecture: Architecture; macs: number }>();
  for (let i = 0; i < 2000; i++) {
    const architecture = randomArchitecture(space, random);
    known.set(formatArchitecture(architecture), { architecture, macs: countMacs(space, architecture, 10) });
  }
  return Array.from({ length: budgets }, (_, b) => least + ((most - least) * (b + 0.5)) / budgets).flatMap((budget) =>
    [...known.values()]
      .sort((a, b) => Math.abs(a.macs - budget) - Math.abs(b.macs - budget))
      .slice(0, subnetsPerBudget)
      .map(({ architecture }) => architecture),
  );
}

async function spaceOf(text: string): Promise<SearchSpace> {
  if (presets.some(({ name }) => name === text)) return presetSpace(text);
  return parseSearchSpace(JSON.parse(await readFile(text, 'utf8')));
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
