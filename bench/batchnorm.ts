import { type Dataset, openDataset, toTensor } from '@easel/exporter/data';
import { type Engine, openEngine } from '@easel/exporter/engine';
import { type Logits, subnetLogits } from '@easel/exporter/evaluation';
import { collectStatistics } from '@easel/exporter/supernet';
import { type Bundle, loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { type Architecture, formatArchitecture, randomArchitecture } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';
import { type Answers, answersOf } from './support/task-accuracies.js';

/** Training images that a subnet's exact statistics are taken from, and how many of them at a time. */
const calibrationImages = 2000;
const batch = 125;

export const benchmark: Benchmark = {
  summary: "shipped batch-norm statistics against exact ones of each subnet, in points of accuracy (a bundle's data)",

  async run(args) {
    const values = parseFlags(args, {
      bundle: { type: 'string', default: 'examples/bundles/cifar10' },
      data: { type: 'string', default: 'cifar10.tar' },
      subnets: { type: 'string', default: '50' },
      images: { type: 'string', default: '10000' },
    });
    const bundle = await loadBundle(directorySource(values.bundle));
    const dataset = await openDataset(values.data, { resolution: bundle.manifest.space.resolutions.at(-1) as number });
    if (dataset.classes.join() !== bundle.manifest.classes.join()) {
      throw new Error(`${values.data} has other classes than ${values.bundle}`);
    }
    return measure(bundle, dataset, wholeNumber('subnets', values.subnets), wholeNumber('images', values.images));
  },
};

async function measure(bundle: Bundle, dataset: Dataset, subnets: number, images: number) {
  const { manifest, supernet } = bundle;
  const { engine } = await openEngine();
  const random = new Random(1);
  const count = Math.min(images, dataset.test.size);
  console.log(
    `${manifest.name}: ${subnets} random subnets, ${count} test images, ${calibrationImages} for exact statistics`,
  );
  const groups = Object.entries(manifest.tasks)
    .filter(([, names]) => names.length > 1)
    .map(([task, names]) => ({ task, members: names.map((name) => dataset.classes.indexOf(name)) }));
  const questions = [dataset.classes.map((_, index) => index), ...groups.map(({ members }) => members)];
  /** Per subnet, over all classes and on every task. */
  const rows: Pair[][] = [];
  for (let i = 0; i < subnets; i++) {
    const architecture = randomArchitecture(supernet.space, random);
    const pass = (statistics: Statistics) => logitsOf(bundle, dataset, architecture, statistics, engine, count);
    const shipped = await pass(supernet.statistics);
    const exact = await pass(await exactStatistics(bundle, dataset, architecture, engine));
    const pairs = pairsOf(answersOf(shipped, questions), answersOf(exact, questions));
    rows.push(pairs);
    const { shipped: a, exact: b } = pairs[0] as Pair;
    console.log(
      `${formatArchitecture(architecture)}  shipped ${a.toFixed(2)}  exact ${b.toFixed(2)}  gap ${(b - a).toFixed(2)}`,
    );
  }
  const summaryOf = (question: number) => summary(rows.map((pairs) => pairs[question] as Pair));
  const tasks = groups.map(({ task }, t) => ({ task, ...summaryOf(t + 1) }));
  for (const { task, shipped, exact, gap, worst_gap, worst_by_chance } of tasks) {
    console.log(
      `${task}: shipped ${shipped}, exact ${exact}, gap ${gap}, worst ${worst_gap} (by chance alone: ${worst_by_chance})`,
    );
  }
  return { ...summaryOf(0), subnets, images: count, tasks };
}

/** One subnet's accuracies on the same images, in points. */
interface Pair {
  readonly shipped: number;
  readonly exact: number;
  /** Of the difference: sampling error of the images, those paired that both get right or wrong. */
  readonly error: number;
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
 * gap to expect of as many subnets that all have the mean gap, only because images are few.
 */
function summary(pairs: readonly Pair[]) {
  const mean = (value: (pair: Pair) => number) => pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
  const error = Math.sqrt(mean((pair) => pair.error ** 2));
  return {
    shipped: rounded(mean(({ shipped }) => shipped)),
    exact: rounded(mean(({ exact }) => exact)),
    gap: rounded(mean(({ shipped, exact }) => exact - shipped)),
    worst_gap: rounded(Math.max(...pairs.map(({ shipped, exact }) => exact - shipped))),
    worst_by_chance: rounded(mean(({ shipped, exact }) => exact - shipped) + error * expectedLargest(pairs.length)),
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
  { manifest, supernet }: Bundle,
  dataset: Dataset,
  architecture: Architecture,
  statistics: Statistics,
  engine: Engine,
  images: number,
): Promise<Logits> {
  return subnetLogits(supernet.weights, statistics, architecture, {
    space: supernet.space,
    classes: manifest.classes.length,
    split: dataset.test,
    resolution: dataset.resolution,
    normalization: manifest.preprocessing,
    engine,
    images,
  });
}

/** Of this subnet alone, over training images spread evenly over the split. */
function exactStatistics(
  { manifest, supernet }: Bundle,
  { train, resolution, classes }: Dataset,
  architecture: Architecture,
  engine: Engine,
): Promise<Statistics> {
  const visits = calibrationImages / batch;
  // Any order would do but that of the classes.
  const order = new Random(2).shuffle(Int32Array.from({ length: train.size }, (_, i) => i)).slice(0, calibrationImages);
  const pixels = new Uint8Array(batch * resolution * resolution * 3);
  let done = 0;
  return collectStatistics(supernet.weights, [{ architecture, visits }], {
    space: supernet.space,
    classes: classes.length,
    batch,
    engine,
    images(wanted) {
      train.read(order.subarray(done * batch, (done + 1) * batch), pixels);
      done++;
      return toTensor(pixels, batch, resolution, manifest.preprocessing, undefined, wanted);
    },
  });
}
