import {
  answerOf,
  ClassScorer,
  fitGenerator,
  Preferences,
  randomScenario,
  type Scenario,
} from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { encodeArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { correlationOf, decisions, fitOptions, sets, source, syntheticTable } from './synthetic.js';

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
      { preferences, scores, budgets, closeness, featuresOf },
      {
        requests: 512,
        hidden: 16,
        fit: { ...fitOptions, epochs: 10 },
        random,
        onProgress: (done, total) => steps.push(done / total),
      },
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
