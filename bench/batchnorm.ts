import { type Dataset, imagesOf, openDataset, partOf, type Split, toTensor } from '@easel/exporter/data';
import { type Engine, openEngine } from '@easel/exporter/engine';
import { type Logits, subnetLogits, taskAccuracy } from '@easel/exporter/evaluation';
import { mean } from '@easel/exporter/generator';
import { collectStatistics } from '@easel/exporter/supernet';
import { type Bundle, loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { type Architecture, formatArchitecture, randomArchitecture } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';
import { spread } from './support/part-of-split.js';
import { type Answers, answersOf } from './support/task-accuracies.js';

/** Training images that a subnet's own statistics are taken from, and how many of them at a time; fewer of a small task. */
const calibrationImages = 2000;
const calibrationBatch = 125;

export const benchmark: Benchmark = {
  summary: "shipped batch-norm statistics against exact ones of each subnet and of tasks' images (a bundle's data)",

  async run(args) {
    const values = parseFlags(args, {
      bundle: { type: 'string', default: 'examples/bundles/cifar10' },
      data: { type: 'string', default: 'cifar10.tar' },
      subnets: { type: 'string', default: '50' },
      'task-subnets': { type: 'string', default: '10' },
      images: { type: 'string', default: '10000' },
    });
    const bundle = await loadBundle(directorySource(values.bundle));
    const dataset = await openDataset(values.data, { resolution: bundle.manifest.space.resolutions.at(-1) as number });
    if (dataset.classes.join() !== bundle.manifest.classes.join()) {
      throw new Error(`${values.data} has other classes than ${values.bundle}`);
    }
    return measure(bundle, dataset, {
      subnets: wholeNumber('subnets', values.subnets),
      taskSubnets: wholeNumber('task-subnets', values['task-subnets'], 0),
      images: wholeNumber('images', values.images),
    });
  },
};

interface Sizes {
  readonly subnets: number;
  /** Of them, those that also get statistics of every task's own training images. */
  readonly taskSubnets: number;
  readonly images: number;
}

async function measure(bundle: Bundle, dataset: Dataset, { subnets, taskSubnets, images }: Sizes) {
  const { manifest, supernet } = bundle;
  const { engine } = await openEngine();
  const subject: Subject = { bundle, engine, resolution: dataset.resolution };
  const random = new Random(1);
  const test = spread(dataset.test, images);
  console.log(
    `${manifest.name}: ${subnets} random subnets, ${test.size} test images, ${calibrationImages} for exact statistics`,
  );
  const groups = Object.entries(manifest.tasks)
    .filter(([, names]) => names.length > 1)
    .map(([task, names]) => {
      const members = names.map((name) => dataset.classes.indexOf(name));
      const [ownTrain, ownTest] = [dataset.train, test].map((split) => partOf(split, imagesOf(split, members)));
      return { task, members, ownTrain: ownTrain as Split, ownTest: ownTest as Split };
    });
  const questions = [dataset.classes.map((_, index) => index), ...groups.map(({ members }) => members)];
  /** Per subnet, over all classes and on every task. */
  const rows: Pair[][] = [];
  for (let i = 0; i < subnets; i++) {
    const architecture = randomArchitecture(supernet.space, random);
    const shipped = await logitsOf(subject, architecture, supernet.statistics, test);
    const exact = await logitsOf(subject, architecture, await statisticsOf(subject, architecture, dataset.train), test);
    const pairs = pairsOf(answersOf(shipped, questions), answersOf(exact, questions));
    const { shipped: a, exact: b } = pairs[0] as Pair;
    console.log(
      `${formatArchitecture(architecture)}  shipped ${a.toFixed(2)}  exact ${b.toFixed(2)}  gap ${(b - a).toFixed(2)}`,
    );
    for (const [t, { members, ownTrain, ownTest }] of (i < taskSubnets ? groups : []).entries()) {
      const logits = await logitsOf(
        subject,
        architecture,
        await statisticsOf(subject, architecture, ownTrain),
        ownTest,
      );
      pairs[t + 1] = { ...(pairs[t + 1] as Pair), own: 100 * taskAccuracy(logits, members) };
    }
    rows.push(pairs);
  }
  const summaryOf = (question: number) => summary(rows.map((pairs) => pairs[question] as Pair));
  const tasks = groups.map(({ task }, t) => ({ task, ...summaryOf(t + 1) }));
  for (const { task, shipped, exact, gap, worst_gap, worst_by_chance, own, own_loss } of tasks) {
    const alone = own === undefined ? '' : `; statistics of its own images ${own}, which loses ${own_loss}`;
    console.log(
      `${task}: shipped ${shipped}, exact ${exact}, gap ${gap}, worst ${worst_gap} (by chance alone: ${worst_by_chance})${alone}`,
    );
  }
  const losses = tasks.flatMap(({ own_loss }) => own_loss ?? []);
  return {
    ...summaryOf(0),
    ...(losses.length > 0 ? { own_loss: rounded(mean(losses)) } : {}),
    subnets,
    task_subnets: Math.min(taskSubnets, subnets),
    images: test.size,
    tasks,
  };
}

/** What is measured, and on what. */
interface Subject {
  readonly bundle: Bundle;
  readonly engine: Engine;
  /** Side of the data set's images. */
  readonly resolution: number;
}

/** One subnet's accuracies on the same images, in points. */
interface Pair {
  readonly shipped: number;
  readonly exact: number;
  /** Of the difference: sampling error of the images, those paired that both get right or wrong. */
  readonly error: number;
  /** Of a task, with statistics of the task's own training images alone; of some subnets. */
  readonly own?: number;
}

/** One per question. */
function pairsOf(shipped: Answers, exact: Answers): Pair[] {
  return shipped.asked.map((asked, question) => {
    const [a, b] = [shipped, exact].map(({ right }) => right[question] as Uint8Array) as [Uint8Array, Uint8Array];
    const images = asked.reduce((sum, belongs) => sum + belongs, 0);
    const share = (count: number) => (100 * count) / images;
    const count = (each: (image: number) => number) => asked.reduce((sum, _, image) => sum + each(image), 0);
    return {
      shipped: share(count((image) => a[image] as number)),
      exact: share(count((image) => b[image] as number)),
      error: share(Math.sqrt(count((image) => Math.abs((a[image] as number) - (b[image] as number))))),
    };
  });
}

/**
 * Means over subnets, in points of accuracy; a positive gap is what shipped statistics lose. `worst_by_chance`: the worst
 * gap to expect of as many subnets that all have the mean gap, only because images are few. `own_loss`: by how much the
 * same subnets do better with the shipped statistics than with those of the task's own images.
 */
function summary(pairs: readonly Pair[]) {
  const gaps = pairs.map(({ shipped, exact }) => exact - shipped);
  const error = Math.sqrt(mean(pairs.map((pair) => pair.error ** 2)));
  const withOwn = pairs.flatMap(({ shipped, own }) => (own === undefined ? [] : { own, loss: shipped - own }));
  return {
    shipped: rounded(mean(pairs.map(({ shipped }) => shipped))),
    exact: rounded(mean(pairs.map(({ exact }) => exact))),
    gap: rounded(mean(gaps)),
    worst_gap: rounded(Math.max(...gaps)),
    worst_by_chance: rounded(mean(gaps) + error * expectedLargest(pairs.length)),
    ...(withOwn.length > 0
      ? { own: rounded(mean(withOwn.map(({ own }) => own))), own_loss: rounded(mean(withOwn.map(({ loss }) => loss))) }
      : {}),
  };
}

/** Of so many draws from a standard normal distribution: the mean of their largest, by simulation. */
function expectedLargest(draws: number): number {
  const random = new Random(3);
  const repeats = 2000;
  let sum = 0;
  for (let i = 0; i < repeats; i++) sum += Math.max(...Array.from({ length: draws }, () => random.normal()));
  return sum / repeats;
}

function logitsOf(
  { bundle: { manifest, supernet }, engine, resolution }: Subject,
  architecture: Architecture,
  statistics: Statistics,
  split: Split,
): Promise<Logits> {
  return subnetLogits(supernet.weights, statistics, architecture, {
    space: supernet.space,
    classes: manifest.classes.length,
    split,
    resolution,
    normalization: manifest.preprocessing,
    engine,
  });
}

/** Of this subnet alone, over images drawn from a split of training images. */
function statisticsOf(
  { bundle: { manifest, supernet }, engine, resolution }: Subject,
  architecture: Architecture,
  train: Split,
): Promise<Statistics> {
  const batch = Math.min(calibrationBatch, train.size);
  const visits = Math.floor(Math.min(calibrationImages, train.size) / batch);
  // Any order would do but that of the classes.
  const order = new Random(2).shuffle(Int32Array.from({ length: train.size }, (_, i) => i));
  const pixels = new Uint8Array(batch * resolution * resolution * 3);
  let done = 0;
  return collectStatistics(supernet.weights, [{ architecture, visits }], {
    space: supernet.space,
    classes: manifest.classes.length,
    batch,
    engine,
    images(wanted) {
      train.read(order.subarray(done * batch, (done + 1) * batch), pixels);
      done++;
      return toTensor(pixels, batch, resolution, manifest.preprocessing, undefined, wanted);
    },
  });
}
