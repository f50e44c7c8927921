import { taskAccuracy } from '@easel/exporter/evaluation';
import {
  AdditiveModel,
  answerOf,
  ClassScorer,
  classSetFeatureCount,
  classSetFeatures,
  exportGenerator,
  exportPredictor,
  fitGenerator,
  fitNetwork,
  fitPredictor,
  initializeGenerator,
  kendallTau,
  type Lesson,
  type LogitsTable,
  mean,
  measureFeatures,
  type Predictor,
  Preferences,
  perturbedDevice,
  predictorFeatures,
  randomClasses,
  randomScenario,
  type Scenario,
  type ScenarioSource,
} from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  decisionsOf,
  encodeArchitecture,
  largestArchitecture,
  macsTable,
  optionCount,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const space = presetSpace('tiny-32');
const decisions = decisionsOf(space);
const options = optionCount(space);
const source: ScenarioSource = {
  space,
  decisions,
  tasks: [
    [0, 1, 2],
    [3, 4],
  ],
  classes: 6,
  devices: [macsTable(space, 6)],
};
const fitOptions = {
  epochs: 30,
  batch: 32,
  learningRate: 3e-3,
  weightDecay: 1e-3,
  seed: 3,
};

const correlationOf = (weights: ArrayLike<number>, truth: ArrayLike<number>, random: Random) => {
  const fresh = Array.from({ length: 100 }, () => encodeArchitecture(decisions, randomArchitecture(space, random)));
  const sums = (values: ArrayLike<number>) =>
    fresh.map((row) => row.reduce((sum, on, o) => sum + on * (values[o] as number), 0));
  return correlation(sums(truth), sums(weights));
};

describe('additive models', () => {
  const random = new Random(5);
  const truth = Float32Array.from({ length: options }, () => random.normal());
  const rows = Array.from({ length: 300 }, () => encodeArchitecture(decisions, randomArchitecture(space, random)));
  const scores = rows.map((row) => row.reduce((sum, on, o) => sum + on * (truth[o] as number), 0) / 10);
  const model = new AdditiveModel(rows);

  it('order unseen architectures as the additive truth that their scores came from', () => {
    const noisy = scores.map((score) => score + 0.02 * random.normal());
    expect(correlationOf(model.fit(noisy), truth, random)).to.be.greaterThan(0.98);
  });

  it('see through a curve that saturates', () => {
    const highest = Math.max(...scores);
    const saturated = scores.map((score) => -((highest - score) ** 2));
    const { weights, predicted } = model.fitCurved(saturated);
    const straight = correlationOf(model.fit(saturated), truth, random);
    expect(correlationOf(weights, truth, random)).to.be.greaterThan(straight);
    expect(correlation([...predicted], saturated)).to.be.greaterThan(0.99);
  });

  it('count weighted rows only', () => {
    const weights = Float64Array.from(rows, (_, i) => (i < 150 ? 1 : 0));
    const half = new AdditiveModel(rows.slice(0, 150), 0.5).fit(scores.slice(0, 150));
    const misled = scores.map((score, i) => (i < 150 ? score : 99));
    model.fitWeighted(misled, weights).forEach((value, o) => {
      expect(value).to.be.closeTo(half[o] as number, 1e-9);
    });
  });

  it('measure how alike two preferences are by what they predict', () => {
    const sums = model.predict(truth);
    const middle = mean(sums);
    const variance = mean(sums.map((sum) => (sum - middle) ** 2));
    expect(model.product(Float64Array.from(truth), Float64Array.from(truth))).to.be.closeTo(variance, 1e-6);
  });
});

/**
 * Logits in which architectures matter in one way to all classes, and `own` times as much in another way to class 0 and 1;
 * `ofBudgets` times as much in yet another way to cheap ones, and the other way round to dear ones.
 */
function syntheticTable(
  own: number,
  seed: number,
  { images = 1600, ofBudgets = 0 } = {},
): { table: LogitsTable; special: Float32Array; isCheap: readonly boolean[] } {
  const random = new Random(seed);
  const [shared, special] = [0, 1].map(() => Float32Array.from({ length: options }, () => random.normal()));
  const sum = (row: Float32Array, values?: Float32Array) =>
    row.reduce((total, on, o) => total + on * ((values as Float32Array)[o] as number), 0);
  const architectures = Array.from({ length: 120 }, () => randomArchitecture(space, random));
  const costs = architectures.map((architecture) => architectureCost(macsTable(space, 6), decisions, architecture));
  const middle = mean(costs);
  const isCheap = costs.map((cost) => cost < middle);
  const ofCheap = new Random(seed + 1);
  const cheap = Float32Array.from({ length: options }, () => ofCheap.normal());
  const labels = Int32Array.from({ length: images }, (_, i) => i % 4);
  const difficulty = Float32Array.from(labels, () => random.normal());
  const logits = architectures.map((architecture, a) => {
    const row = encodeArchitecture(decisions, architecture);
    const byCost = ((isCheap[a] ? ofBudgets : -ofBudgets) * sum(row, cheap)) / 8;
    const [common, extra] = [sum(row, shared) / 8 + byCost, (own * sum(row, special)) / 8];
    const values = new Float32Array(images * 4);
    labels.forEach((label, i) => {
      for (let c = 0; c < 4; c++) values[i * 4 + c] = random.normal() / 2;
      const margin = 1 + common + (label < 2 ? extra : -extra) + (difficulty[i] as number);
      values[i * 4 + label] = (values[i * 4 + label] as number) + margin;
    });
    return values;
  });
  return { table: { architectures, logits, labels, classes: 4 }, special: special as Float32Array, isCheap };
}

const sets = [
  [0, 1],
  [2, 3],
  [0, 2],
  [1, 3],
  [0, 3],
  [1, 2],
  [0, 1, 2],
  [1, 2, 3],
  [0, 1, 3],
  [0, 2, 3],
  [0, 1, 2, 3],
];

describe('scores of class sets', () => {
  it('are the log-likelihood and the accuracy among the classes of the set', () => {
    const logits = Float32Array.of(1, 2, 50, 0, 3, 50, 5, 5, 5);
    const labels = Int32Array.of(0, 1, 2);
    const scorer = new ClassScorer({ architectures: [], logits: [logits], labels, classes: 3 }, 1);
    const { likelihood, accuracy, images } = scorer.score([0, 1]);
    const first = Math.log(Math.exp(1) / (Math.exp(1) + Math.exp(2)));
    const second = Math.log(Math.exp(3) / (Math.exp(0) + Math.exp(3)));
    expect(likelihood[0]?.[0]).to.be.closeTo((first + second) / 2, 1e-6);
    expect(accuracy[0]).to.equal(0.5);
    expect(images).to.equal(2);
  });

  it('agree with taskAccuracy, and confusions with class sets of two', () => {
    const { table } = syntheticTable(0.5, 3, { images: 80 });
    const scorer = new ClassScorer(table, 2);
    const confusions = scorer.confusions();
    for (const set of sets) {
      const { accuracy } = scorer.score(set);
      const measured = table.logits.map((logits) => taskAccuracy({ logits, labels: table.labels }, set));
      expect([...accuracy]).to.deep.equal(measured);
      const [a, b] = set as [number, number];
      if (set.length > 2) continue;
      const [weaker, stronger] = confusions.map(
        (table) => ((table[a * 4 + b] as number) + (table[b * 4 + a] as number)) / 2,
      ) as [number, number];
      expect(1 - mean(accuracy)).to.be.closeTo((weaker + stronger) / 2, 1e-6);
    }
  });

  it('refuse a set of which a block has no image', () => {
    const { table } = syntheticTable(0, 3, { images: 8 });
    expect(() => new ClassScorer(table, 16).score([0, 1])).to.throw(RangeError, 'too few images of classes 0, 1');
  });
});

describe('preferences', () => {
  const of = (own: number) => {
    const { table, special } = syntheticTable(own, 11);
    const scorer = new ClassScorer(table, 16);
    const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
    return {
      preferences: new Preferences(
        rows,
        sets.map((set) => scorer.score(set)),
        new Random(1),
      ),
      special,
    };
  };

  it('are found and kept where class sets really differ', () => {
    const { preferences, special } = of(0.6);
    expect(preferences.classes.interval[0]).to.be.greaterThan(0.05);
    expect(preferences.classes.kept).to.be.greaterThan(0.5);
    expect(correlationOf(preferences.ofClasses(0, 'all'), special, new Random(2))).to.be.greaterThan(0.8);
    expect(correlationOf(preferences.ofClasses(1, 'all'), special, new Random(2))).to.be.lessThan(-0.8);
  });

  it('are shrunk to next to nothing where class sets only seem to differ', () => {
    const { preferences } = of(0);
    expect(preferences.classes.interval[0]).to.be.lessThan(0.05);
    expect(preferences.classes.kept).to.be.lessThan(0.25);
    const [own, common] = [preferences.ofClasses(0, 'all'), preferences.common];
    expect(preferences.product(own, own)).to.be.lessThan(0.02 * preferences.product(common, common));
  });
});

describe('generator', () => {
  const random = new Random(9);
  const featureCount = 5;
  const rows = Array.from({ length: 400 }, () =>
    Float32Array.from({ length: featureCount }, () => random.uniform(2, 4)),
  );
  const common = Float32Array.from({ length: options }, () => random.normal());
  const untrained = initializeGenerator(measureFeatures(rows), 16, common, random);
  const all: Lesson[] = rows.map((features) => ({
    features,
    targets: Float32Array.from({ length: options }, (_, o) => {
      const effect = o % 2 === 0 ? (features[0] as number) - 3 : 3 - (features[1] as number);
      return effect + 0.3 * random.normal();
    }),
  }));
  const split = (lessons: readonly Lesson[]) => ({ lessons: lessons.slice(80), heldOut: lessons.slice(0, 80) });

  it('answers with the common utilities before it is trained', () => {
    expect([...answerOf(untrained, rows[0] as Float32Array)]).to.deep.equal([...common]);
  });

  it('learns what a request changes, however small it is', async () => {
    for (const scale of [1, 1e-3]) {
      const scaled = all.map((lesson) => ({ ...lesson, targets: lesson.targets.map((target) => scale * target) }));
      const { weights, heldOutRatio } = await fitNetwork(untrained, split(scaled), fitOptions);
      expect(heldOutRatio).to.be.lessThan(0.5);
      const [low, high] = [2, 4].map((value) => answerOf(weights, Float32Array.of(value, 3, 3, 3, 3)));
      expect(((high?.[0] as number) - (low?.[0] as number)) / scale).to.be.closeTo(2, 0.6);
      expect(((high?.[1] as number) - (low?.[1] as number)) / scale).to.be.closeTo(0, 0.6);
    }
  });

  it('keeps the common utilities where lessons are nothing but noise', async () => {
    const noise = all.map((lesson) => ({ ...lesson, targets: lesson.targets.map(() => random.normal()) }));
    const { heldOutRatio, weights } = await fitNetwork(untrained, split(noise), { ...fitOptions, epochs: 8 });
    expect(heldOutRatio).to.be.within(0.97, 1);
    const change = answerOf(weights, rows[0] as Float32Array).map((utility, o) => utility - (common[o] as number));
    expect(Math.max(...change.map(Math.abs))).to.be.lessThan(0.3);
  });

  it('is exported as an ONNX model that computes the same', async () => {
    const { weights } = await fitNetwork(untrained, split(all), { ...fitOptions, epochs: 3 });
    const session = await InferenceSession.create(exportGenerator(weights), { intraOpNumThreads: 1 });
    const batch = rows.slice(0, 3);
    const data = Float32Array.from(batch.flatMap((row) => [...row]));
    const { utilities } = await session.run({ request: new Tensor('float32', data, [3, featureCount]) });
    batch.forEach((row, i) => {
      answerOf(weights, row).forEach((expected, o) => {
        expect(Number(utilities?.data[i * options + o])).to.be.closeTo(expected, 1e-4);
      });
    });
    await session.release();
  });

  it('refuses too few lessons', async () => {
    let message = '';
    await fitNetwork(untrained, { lessons: all.slice(0, 20) }, fitOptions).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain('too few');
  });
});

describe('what requests prefer', function () {
  this.timeout(60_000);

  const learn = async (own: number, { count, ofBudgets = 0 }: { count?: number; ofBudgets?: number } = {}) => {
    const { table, special, isCheap } = syntheticTable(own, 11, { ofBudgets });
    const scorer = new ClassScorer(table, 16);
    // Those that judge, every fifth, prefer something of their own; so do some of those that teach.
    const ordered = [0, 2, 3, 4, 6, 1, 5, 7, 8, 10, 9].map((index) => sets[index] as readonly number[]);
    const scores = ordered.slice(0, count).map((set) => scorer.score(set));
    const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
    const random = new Random(1);
    const preferences = new Preferences(rows, scores, random);
    const budgets = Array.from({ length: 4 }, () => randomScenario(source, random));
    // Half of the budgets are for cheap architectures, and half for dear ones.
    const isTight = (budget: Scenario) =>
      budgets.findIndex(({ latencyMs }) => latencyMs === budget.latencyMs) % 2 === 0;
    const closeness = budgets.map((budget) => Float64Array.from(isCheap, (cheap) => Number(cheap === isTight(budget))));
    if (ofBudgets > 0) preferences.measureBudgets(rows, closeness, random);
    const featuresOf = (scenario: Scenario) =>
      Float32Array.from([...[0, 1, 2, 3].map((c) => scenario.classes.includes(c)), isTight(scenario)], Number);
    const steps: number[] = [];
    const trained = await fitGenerator(
      { featuresOf },
      { requests: 512, hidden: 16, fit: { ...fitOptions, epochs: 10 } },
      preferences,
      scores,
      budgets,
      closeness,
      random,
      (done, total) => steps.push(done / total),
    );
    return { ...trained, special, steps };
  };

  it('is learned and used where it holds for class sets and images that were never seen', async () => {
    const { weights, conditioning, special, steps } = await learn(0.6);
    expect(conditioning.used).to.equal(true);
    expect(conditioning.interval[1]).to.be.lessThan(1);
    // Nothing of it is the budgets', which make no difference here.
    expect(conditioning.classesAlone?.interval[1]).to.be.lessThan(1);
    expect(conditioning.classesAlone?.heldOutRatio).to.be.closeTo(conditioning.heldOutRatio, 0.1);
    expect(conditioning.weightDecay / fitOptions.weightDecay).to.be.oneOf([1, 10, 100]);
    const difference = answerOf(weights, Float32Array.of(1, 1, 0, 0, 0)).map(
      (utility, o) => utility - (answerOf(weights, Float32Array.of(0, 0, 1, 1, 0))[o] as number),
    );
    expect(correlationOf(difference, special, new Random(2))).to.be.greaterThan(0.8);
    expect(steps.at(-1)).to.equal(1);
    expect(steps).to.deep.equal([...steps].sort((a, b) => a - b));
  });

  it('is told apart: where only budgets make a difference, classes alone are answered no better than alike', async () => {
    const { conditioning } = await learn(0, { ofBudgets: 1 });
    expect(conditioning.used).to.equal(true);
    expect(conditioning.heldOutRatio).to.be.lessThan(0.8);
    expect(conditioning.classesAlone?.interval[1]).to.be.at.least(1);
  });

  it('is left out where there are too few class sets to show anything, as of two classes', async () => {
    const { weights, conditioning } = await learn(0.6, { count: 1 });
    expect(conditioning).to.include({ used: false, heldOutRatio: 1 });
    expect(conditioning.classesAlone).to.deep.equal({ heldOutRatio: 1, interval: [1, 1] });
    expect([...answerOf(weights, Float32Array.of(1, 0, 1, 0, 0))]).to.deep.equal([...weights.common.data]);
    expect(Object.values(conditioning.classes).flat().every(Number.isFinite)).to.equal(true);
  });

  it('is left out where class sets only seem to differ: all get the utilities that they share', async () => {
    const { weights, conditioning } = await learn(0);
    expect(conditioning.used).to.equal(false);
    expect([...answerOf(weights, Float32Array.of(1, 1, 0, 0, 0))]).to.deep.equal([...weights.common.data]);
  });
});

describe('accuracy predictor', () => {
  const { table } = syntheticTable(0.3, 21, { images: 800 });
  const scorer = new ClassScorer(table, 2);
  const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
  const facts = { confusions: scorer.confusions(), images: scorer.imagesPerClass };
  let predictor: Predictor;

  before(async function () {
    this.timeout(60_000);
    const scores = sets.map((set) => scorer.score(set));
    const fit = { ...fitOptions, batch: 128, epochs: 2 };
    predictor = await fitPredictor({ rows, scores, facts, random: new Random(4), fit });
  });

  it('knows accuracies of subnets and class sets that it was not fitted to', () => {
    const { meanAbsoluteError, tau, subnets, classSets } = predictor.quality;
    expect(meanAbsoluteError).to.be.lessThan(0.05);
    expect(tau).to.be.greaterThan(0.5);
    expect([subnets, classSets]).to.deep.equal([17, 3]);
  });

  it('of two classes, which are one class set, is judged by unseen subnets alone', async () => {
    const fit = { ...fitOptions, batch: 128, epochs: 2 };
    const { quality } = await fitPredictor({ rows, scores: [scorer.score([0, 1])], facts, random: new Random(4), fit });
    expect(quality.classSets).to.equal(0);
    expect(quality.subnets).to.equal(17);
    expect(quality.meanAbsoluteError).to.be.lessThan(0.1);
  });

  it('is exported as an ONNX model that computes the same, and how sure it is', async () => {
    const session = await InferenceSession.create(exportPredictor(predictor));
    const asked = [sets[0], sets[7]] as [number[], number[]];
    const multiHot = Float32Array.from(asked.flatMap((set) => [0, 1, 2, 3].map((c) => Number(set.includes(c)))));
    const row = rows[5] as Float32Array;
    const { accuracy, deviation } = await session.run({
      classes: new Tensor('float32', multiHot, [2, 4]),
      architecture: new Tensor('float32', Float32Array.from([...row, ...row]), [2, options]),
    });
    asked.forEach((set, i) => {
      const expected = answerOf(predictor.weights, predictorFeatures(facts, set, row))[0] as number;
      const value = Number(accuracy?.data[i]);
      expect(value).to.be.closeTo(Math.min(1, expected), 1e-4);
      const variance = (value * (1 - value)) / (200 * set.length) + predictor.quality.rootMeanSquareError ** 2;
      expect(Number(deviation?.data[i])).to.be.closeTo(Math.sqrt(variance), 1e-5);
    });
    await session.release();
  });

  it('sees from confusions how wrong a class set may be, and the same in every order', () => {
    const featuresOf = (set: readonly number[]) => classSetFeatures(facts, set);
    // With one rival there is nothing that could coincide.
    const [sum, independent, norm2, norm4] = featuresOf([0, 1]) as [number, number, number, number];
    expect(norm2).to.be.closeTo(sum, 1e-9);
    expect(norm4).to.be.closeTo(sum, 1e-9);
    expect(independent).to.be.lessThan(sum);
    const [all, allIndependent, all2, all4] = featuresOf([0, 1, 2, 3]) as [number, number, number, number];
    expect(all).to.be.greaterThan(allIndependent);
    expect(all).to.be.greaterThan(all2);
    expect(all2).to.be.greaterThan(all4);
    expect(featuresOf([3, 1])).to.deep.equal(featuresOf([1, 3]));
    expect(featuresOf([0, 1])).to.have.lengthOf(classSetFeatureCount(4));
  });

  it("is judged by Kendall's tau", () => {
    const pairs = (order: readonly number[]) => order.map((predicted, measured) => ({ predicted, measured }));
    expect(kendallTau(pairs([1, 2, 3, 4]))).to.equal(1);
    expect(kendallTau(pairs([4, 3, 2, 1]))).to.equal(-1);
    expect(kendallTau(pairs([2, 1, 3, 4]))).to.be.closeTo(4 / 6, 1e-12);
    expect(kendallTau(pairs([1, 1, 1]))).to.equal(0);
  });
});

describe('scenarios', () => {
  it('stay within the range of their device, and ask for two classes or more', () => {
    const random = new Random(11);
    for (let i = 0; i < 100; i++) {
      const { classes, latency, latencyMs } = randomScenario(source, random);
      expect(classes.length).to.be.greaterThan(1);
      expect([...classes]).to.deep.equal([...new Set(classes)].sort((a, b) => a - b));
      const cheapest = architectureCost(latency, decisions, smallestArchitecture(space));
      const dearest = architectureCost(latency, decisions, largestArchitecture(space));
      expect(latencyMs).to.be.within(Math.min(cheapest, dearest), Math.max(cheapest, dearest));
    }
  });

  it('ask for class sets of every size, from two classes to all of a hundred', () => {
    const random = new Random(12);
    const many = { ...source, classes: 100, tasks: [[0, 1]] };
    const sizes = new Set(Array.from({ length: 3000 }, () => randomClasses(many, random).length));
    for (const [from, to] of [
      [2, 2],
      [3, 5],
      [20, 30],
      [60, 80],
      [90, 100],
    ] as const) {
      expect(
        [...sizes].some((size) => size >= from && size <= to),
        `${from} to ${to}`,
      ).to.equal(true);
    }
    expect(Math.min(...sizes)).to.equal(2);
    expect(Math.max(...sizes)).to.be.lessThan(101);
    const two = new Set(Array.from({ length: 50 }, () => randomClasses({ ...many, classes: 2 }, random).length));
    expect([...two]).to.deep.equal([2]);
  });

  it('perturb a device reproducibly, and keep every cost positive', () => {
    const device = source.devices[0] as ReturnType<typeof macsTable>;
    const once = perturbedDevice(source, device, new Random(2));
    expect(perturbedDevice(source, device, new Random(2))).to.deep.equal(once);
    expect(once.blocks).to.not.deep.equal(device.blocks);
    expect(once.blocks.flat(2).every((cost) => cost > 0)).to.equal(true);
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return covariance(a, b, meanA, meanB) / Math.sqrt(covariance(a, a, meanA, meanA) * covariance(b, b, meanB, meanB));
}
