import { rm } from 'node:fs/promises';
import { writeBundle } from '@easel/exporter/bundle';
import { classSetFeatureCount, initializeGenerator } from '@easel/exporter/generator';
import {
  type Budget,
  type DeviceProfile,
  Easel,
  InfeasibleBudgetError,
  InvalidRequestError,
  UnreachableAccuracyError,
} from '@easel/sdk';
import { CostTables, costRange } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  architectureCost,
  decisionsOf,
  encodeArchitecture,
  largestArchitecture,
  presetSpace,
} from '@easel/sdk/space';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { bundleClasses, randomBundleContents, withDirectory, writeRandomBundle } from '../../fixtures/bundle.js';
import { greedyGenerator } from '../../fixtures/greedy-generator.js';
import { predictorOf } from '../../fixtures/predictor.js';
import { type ErrorClass, rejection } from '../../fixtures/rejection.js';
import { scaled } from '../../fixtures/scaled-profile.js';

const space = presetSpace('tiny-32');
const decisions = decisionsOf(space);
const classes = bundleClasses.length;

/** What the predictor below says: a half, and a hundredth for the place of every chosen option among its decision's. */
function truth(architecture: Architecture): number {
  const encoded = encodeArchitecture(decisions, architecture);
  return decisions.reduce(
    (sum, { offset, options }) =>
      sum + [...options.keys()].reduce((own, i) => own + (i / 100) * (encoded[offset + i] ?? 0), 0),
    0.5,
  );
}

/** One hidden unit that adds up options. */
function additivePredictor(): Uint8Array {
  const weights = decisions.flatMap(({ options }) => options.map((_, i) => i / 100));
  const offset = classSetFeatureCount(classes);
  const features = offset + weights.length;
  const unnormalized = { mean: new Float32Array(features), deviation: new Float32Array(features).fill(1) };
  const network = initializeGenerator(unnormalized, 1, Float32Array.of(0.5), new Random(1));
  network.hiddenWeight.data.fill(0);
  network.hiddenWeight.data.set(weights, offset);
  return predictorOf({ ...network, outputWeight: tensor([1, 1], Float32Array.of(1)) }, classes);
}

describe('accuracy', () => {
  let directory: string;
  let easel: Easel;
  const pets = { tasks: ['pets'] };

  before(async () => {
    directory = `${(await writeRandomBundle(space)).parent}/with-predictor`;
    const contents = randomBundleContents(space);
    await writeBundle(directory, {
      ...contents,
      generator: greedyGenerator(space, classes),
      predictor: additivePredictor(),
    });
    easel = await Easel.load(directory, { device: 'slow-board' });
  });

  after(async () => {
    await easel.dispose();
    await rm(`${directory}/..`, { recursive: true });
  });

  it('is predicted with an interval', async () => {
    const classifier = await easel.specialize({ ...pets, budget: { latencyMs: 3 } });
    const { accuracy, accuracyInterval } = classifier.predicted;
    const value = truth(classifier.architecture);
    expect(accuracy).to.be.closeTo(value, 1e-6);
    const deviation = Math.sqrt(0.02 ** 2 + (value * (1 - value)) / 200);
    expect(accuracyInterval?.[0]).to.be.closeTo(value - 1.96 * deviation, 1e-6);
    expect(accuracyInterval?.[1]).to.be.closeTo(value + 1.96 * deviation, 1e-6);
    await classifier.dispose();
  });

  it('is not predicted by a bundle without predictor, which cannot be asked for one', () =>
    withDirectory(async (parent) => {
      await writeBundle(`${parent}/bundle`, randomBundleContents(space));
      const other = await Easel.load(`${parent}/bundle`);
      const classifier = await other.specialize({ ...pets, budget: { macs: 3e6 } });
      expect(classifier.predicted).to.have.keys('macs', 'parameters', 'modelBytes');
      const error = await rejection(other.specialize({ ...pets, budget: { accuracy: 0.6 } }), InvalidRequestError);
      expect(error.message).to.include('no accuracy predictor');
      await classifier.dispose();
      await other.dispose();
    }));

  it('can be the budget: the cheapest subnet that reaches it', async () => {
    const table = new CostTables(space, easel.profile).get('latencyMs', 2);
    const cost = (architecture: Architecture) => architectureCost(table, decisions, architecture);
    const { smallest, largest } = costRange(decisions, table);
    let before = 0;
    for (const accuracy of [0.5, 0.53, 0.56, 0.59]) {
      const [found] = (await easel.architectures([{ ...pets, budget: { accuracy } }])) as [Architecture];
      expect(truth(found)).to.be.at.least(accuracy - 1e-6);
      expect(cost(found)).to.be.at.least(before);
      before = cost(found);
      // No budget of a fine ladder gives the generator a much cheaper one that suffices.
      const budgets = Array.from({ length: 100 }, (_, i) => smallest + ((largest - smallest) * i) / 99);
      const others = await easel.architectures(budgets.map((latencyMs) => ({ ...pets, budget: { latencyMs } })));
      const best = Math.min(...others.filter((each) => truth(each) >= accuracy).map(cost));
      expect(cost(found)).to.be.at.most(best + (largest - smallest) / 10);
    }
  });

  it('keeps limits beside it, and minimizes MACs without a profile', async () => {
    const [limited] = (await easel.architectures([{ ...pets, budget: { accuracy: 0.55, macs: 3e6 } }])) as [
      Architecture,
    ];
    const macs = new CostTables(space).get('macs', 2);
    expect(architectureCost(macs, decisions, limited)).to.be.at.most(3e6);
    const unprofiled = await Easel.load(directory);
    const [found] = (await unprofiled.architectures([{ ...pets, budget: { accuracy: 0.55 } }])) as [Architecture];
    expect(truth(found)).to.be.at.least(0.55 - 1e-6);
    await unprofiled.dispose();
  });

  it('that only the most expensive subnet reaches is reached, whatever the rounding of its cost', async () => {
    const largest = largestArchitecture(space);
    let exceeding = 0;
    for (let percent = 100; percent < 106; percent++) {
      const device = scaled(easel.profile as DeviceProfile, percent / 100);
      const table = new CostTables(space, device).get('latencyMs', 2);
      // Sums in another order may differ in their last digit.
      if (architectureCost(table, decisions, largest) > costRange(decisions, table).largest) exceeding++;
      const other = await Easel.load(directory, { device });
      const request = { ...pets, budget: { accuracy: truth(largest) - 1e-6 } };
      expect(await other.architectures([request]), `${percent} %`).to.deep.equal([largest]);
      await other.dispose();
    }
    expect(exceeding).to.be.above(0);
  });

  it('beyond reach is refused with the best there is', async () => {
    const request = { ...pets, budget: { accuracy: 0.95, latencyMs: 3 } };
    const error = await rejection(easel.specialize(request), UnreachableAccuracyError);
    expect(error.best).to.be.within(0.5, 0.95);
    expect(error.message)
      .to.match(/^none of the subnets that the generator offers is predicted to reach accuracy 0\.95 within /)
      .and.include('latencyMs <= 3')
      .and.include(String(Math.floor(error.best * 1e4) / 1e4));
    const classifier = await easel.specialize({ ...pets, budget: { ...request.budget, accuracy: error.best - 1e-6 } });
    expect(classifier.predicted.accuracy).to.be.closeTo(error.best, 1e-5);
    await classifier.dispose();
    const tooLittle = await rejection(easel.specialize({ ...pets, budget: { accuracy: 0.5, macs: 5 } }), Error);
    expect(tooLittle).to.be.instanceOf(InfeasibleBudgetError);
    await rejection(easel.specialize({ ...pets, budget: { accuracy: 90 } }), InvalidRequestError);
  });

  it('budgets beyond the largest subnet are told so, others are not', async () => {
    for (const [budget, told] of [
      [{ latencyMs: 1000 }, true],
      [{ latencyMs: 1000, macs: 1e12 }, true],
      [{ latencyMs: 3 }, false],
      [{ latencyMs: 3, macs: 1e12 }, false],
    ] as const) {
      const classifier = await easel.specialize({ ...pets, budget });
      // Whether a smaller subnet would be as accurate, nobody knows: the note must not claim it.
      if (told) expect(classifier.note).to.match(/^the budget is larger than any subnet needs \([^)]+\)$/);
      else expect(classifier.note).to.equal(undefined);
      await classifier.dispose();
    }
  });

  it('and limits are told as they were asked for, and as today is, where the device is slower than its table', async () => {
    // A table that promises far too little: the correction ends at its bound, 2.
    const device = scaled(easel.profile as DeviceProfile, 1e-3);
    const today = await Easel.load(directory, { device, correct: true });
    const { smallest, largest } = costRange(decisions, new CostTables(space, device).get('latencyMs', 2));
    const refused = <E extends Error>(budget: Budget, errorClass: ErrorClass<E>) =>
      rejection(today.specialize({ ...pets, budget }), errorClass);
    const noteFor = async (budget: Budget) => {
      const classifier = await today.specialize({ ...pets, budget });
      expect(classifier.predicted.correction).to.equal(2);
      await classifier.dispose();
      return classifier.note;
    };
    // These teach it how slow the device is.
    expect(await noteFor({ latencyMs: 1.5 * largest })).to.equal(undefined);
    expect(await noteFor({ latencyMs: 2.5 * largest })).to.include(
      `(latencyMs ${Number((2 * largest).toPrecision(4))})`,
    );
    const middle = 1.1 * (smallest + largest);
    const tooAccurate = await refused({ accuracy: 0.95, latencyMs: middle, macs: 9e6 }, UnreachableAccuracyError);
    expect(tooAccurate.together).to.deep.equal([
      { metric: 'latencyMs', most: middle },
      { metric: 'macs', most: 9_000_000 },
    ]);
    expect(tooAccurate.message).to.include(`within latencyMs <= ${middle} and macs <= 9000000;`);
    const tooSlow = await refused({ latencyMs: 1.5 * smallest }, InfeasibleBudgetError);
    expect([tooSlow.requested, tooSlow.together]).to.deep.equal([1.5 * smallest, []]);
    expect(tooSlow.minimum).to.be.closeTo(2 * smallest, 1e-9);
    await today.dispose();
  });
});
