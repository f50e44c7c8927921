import { differenceOfDifferences, pairedDifference } from '@easel/exporter/evaluation';
import {
  type BaselineContext,
  type Cell,
  enumerableArchitectures,
  evolve,
  isWithin,
  onceForAll,
  randomSearch,
  taskSearch,
} from '@easel/exporter/evaluation/baselines';
import { decode } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  decisionsOf,
  encodeArchitecture,
  formatArchitecture,
  macsTable,
  optionCount,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';

const space = presetSpace('tiny-32');
const decisions = decisionsOf(space);
const random = new Random(3);
const utilities = Float32Array.from({ length: optionCount(space) }, () => random.normal());
const score = (architecture: Architecture) =>
  encodeArchitecture(decisions, architecture).reduce((sum, on, o) => sum + on * (utilities[o] as number), 0);
const table = macsTable(space, 4);
const cell: Cell = { task: 'some', classes: [0, 1], device: 'macs', table, most: 3e6 };
const settings = { population: 40, generations: 40, parents: 0.25, mutationProbability: 0.1, mutated: 0.5 };

describe('evolutionary search', () => {
  const within = (architecture: Architecture) => isWithin(cell, decisions, architecture);
  const search = (seed: number) =>
    evolve(space, decisions, within, async (all) => all.map(score), new Random(seed), settings);

  it('stays within the budget and comes close to the exact optimum', async () => {
    const found = await search(1);
    expect(found.every(({ architecture }) => within(architecture))).to.equal(true);
    expect(found.map((each) => each.score)).to.deep.equal(found.map((each) => each.score).sort((a, b) => b - a));
    const best = score(decode(decisions, utilities, [cell]));
    expect(found[0]?.score).to.be.within(best - 0.3, best + 1e-6);
  });

  it('is reproducible', async () => {
    const names = async () => (await search(2)).slice(0, 5).map(({ architecture }) => formatArchitecture(architecture));
    expect(await names()).to.deep.equal(await names());
  });

  it('scores no architecture twice', async () => {
    const asked: string[] = [];
    const scored = async (all: readonly Architecture[]) => {
      asked.push(...all.map(formatArchitecture));
      return all.map(score);
    };
    const found = await evolve(space, decisions, within, scored, new Random(1), settings);
    expect(new Set(asked).size).to.equal(asked.length);
    expect(found).to.have.length(asked.length);
  });

  it('ends where nothing but the smallest subnet is within the budget', async () => {
    const smallest = formatArchitecture(smallestArchitecture(space));
    const only = (architecture: Architecture) => formatArchitecture(architecture) === smallest;
    const few = { ...settings, population: 4, generations: 2 };
    const found = await evolve(space, decisions, only, async (all) => all.map(score), new Random(1), few);
    expect(found.map(({ architecture }) => formatArchitecture(architecture))).to.deep.equal([smallest]);
  });
});

describe('baselines', () => {
  let [predictions, measurements] = [0, 0];
  const context: BaselineContext = {
    space,
    decisions,
    seed: 1,
    async predict(_, architectures) {
      predictions++;
      return architectures.map(score);
    },
    // The last of the candidates turns out to be the best.
    async measure() {
      return measurements++;
    },
  };

  it('task search scores its best again, and takes the one that proves best', async () => {
    const trusting = await taskSearch(context, 0, settings).choose(cell);
    const careful = await taskSearch(context, 5, settings).choose(cell);
    expect(measurements).to.equal(5);
    expect(score(careful)).to.be.lessThan(score(trusting));
    expect(isWithin(cell, decisions, careful)).to.equal(true);
  });

  it('Once-for-All searches once per budget, whatever the task', async () => {
    const baseline = onceForAll(context, 4, settings);
    const first = await baseline.choose(cell);
    const before = predictions;
    expect(await baseline.choose({ ...cell, task: 'other', classes: [2, 3] })).to.equal(first);
    expect(predictions).to.equal(before);
    await baseline.choose({ ...cell, most: 2.5e6 });
    expect(predictions).to.be.greaterThan(before);
  });

  it('random search takes the measured subnet with the best accuracy on the classes of the task', async () => {
    const architectures = [
      smallestArchitecture(space),
      ...Array.from({ length: 20 }, () => randomArchitecture(space, random)),
    ];
    const labels = Int32Array.of(0, 1, 2, 3);
    // Class 2 is told from 3 by none; the others by ever more subnets.
    const logits = architectures.map((_, i) => Float32Array.of(i, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0, 2, 1));
    const inside = architectures.map((architecture, i) => (isWithin(cell, decisions, architecture) && i > 10 ? i : -1));
    const chosen = await randomSearch(context, { architectures, logits, labels, classes: 4 }).choose(cell);
    expect(chosen).to.equal(architectures[inside.find((i) => i > 10) ?? 0]);
  });

  it('the enumerable sub-space holds the largest and the smallest form of every unit', () => {
    const all = enumerableArchitectures(presetSpace('mobile-32')).map(formatArchitecture);
    expect(new Set(all).size).to.equal(81);
    expect(all).to.include('32:3x2/3x2/3x2/3x2');
    expect(all).to.include('32:5x4,5x4,5x4/5x4,5x4,5x4/5x4,5x4,5x4/5x4,5x4,5x4');
    const elastic = enumerableArchitectures(presetSpace('mobile-64')).map(formatArchitecture);
    expect(elastic.filter((name) => name.startsWith('64:'))).to.have.length(81);
    expect(new Set(elastic).size).to.equal(81 + 16);
    expect(elastic).to.include('48:3x2/3x2/3x2/7x4,7x4,7x4');
  });
});

describe('paired differences', () => {
  const cellOf = (task: string, edge: number, seed: number) => {
    const own = new Random(seed);
    const images = Int32Array.from({ length: 800 }, (_, i) => i);
    const second = Uint8Array.from(images, () => Number(own.float() < 0.7));
    // Some answers are given anew, as often right as before; of some, `edge` more are right.
    const first = second.map((right) => {
      if (own.float() < edge) return 1;
      return own.float() < 0.1 ? Number(own.float() < 0.7) : right;
    });
    return { task, images, first, second };
  };

  it('hold the true difference in their interval, and exclude 0 only where there is one', () => {
    const same = pairedDifference(
      [1, 2, 3, 4].map((s) => cellOf(`t${s}`, 0, s)),
      new Random(1),
    );
    const better = pairedDifference(
      [1, 2, 3, 4].map((s) => cellOf(`t${s}`, 0.1, s)),
      new Random(1),
    );
    expect(same.interval[0]).to.be.lessThan(same.points).and.greaterThan(-3);
    expect(same.interval[1]).to.be.greaterThan(same.points).and.lessThan(3);
    expect(better.interval[0]).to.be.greaterThan(0);
    expect(better.points).to.be.within(better.interval[0], better.interval[1]);
  });

  const cellsOf = (task: string, size: number, isBetter: (image: number) => boolean) => {
    const images = Int32Array.from({ length: size }, (_, i) => i);
    const first = Uint8Array.from(images, (image) => Number(isBetter(image)));
    return { task, images, first, second: first.map((right) => 1 - right) };
  };

  it('are means over cells, whatever tasks these belong to', () => {
    const better = cellsOf('a', 10, () => true);
    const even = cellsOf('a', 10, (image) => image % 2 === 0);
    const worse = cellsOf('b', 20, () => false);
    expect(pairedDifference([better, even, worse], new Random(1), 10).points).to.be.closeTo(0, 1e-9);
    expect(pairedDifference([better, better, even, worse], new Random(1), 10).points).to.be.closeTo(25, 1e-9);
  });

  it('depend on which images were seen, in all cells alike', () => {
    const half = cellsOf('a', 400, (image) => image % 2 === 0);
    const { interval } = pairedDifference([half], new Random(1), 4000);
    // 1.96 standard deviations of a mean of 400 times +1 or -1.
    expect(interval[0]).to.be.closeTo(-9.8, 0.8);
    expect(interval[1]).to.be.closeTo(9.8, 0.8);
    const other = { ...half, first: half.second, second: half.first };
    for (const end of pairedDifference([half, other], new Random(1)).interval) expect(end).to.be.closeTo(0, 1e-9);
  });

  it('depend on which tasks were asked for', () => {
    const cells = [cellsOf('a', 1000, () => true), cellsOf('b', 1000, () => false)];
    const { points, interval } = pairedDifference(cells, new Random(1));
    expect(points).to.be.closeTo(0, 1e-9);
    // Either task twice in a quarter of the draws.
    expect(interval[0]).to.be.below(-95);
    expect(interval[1]).to.be.above(95);
  });

  it('are 0 for the same choices', () => {
    const cell = cellOf('t', 0, 1);
    expect(pairedDifference([{ ...cell, second: cell.first }], new Random(1))).to.deep.equal({
      points: 0,
      interval: [0, 0],
    });
  });

  it('may be compared with each other, on the same tasks and images', () => {
    const growth = (edge: number) =>
      differenceOfDifferences(
        [1, 2, 3, 4].map((s) => cellOf(`t${s}`, edge, s)),
        [1, 2, 3, 4].map((s) => cellOf(`t${s}`, 0, s + 10)),
        new Random(1),
      );
    const [none, some] = [growth(0), growth(0.1)];
    expect(none.points).to.be.within(...none.interval);
    expect(none.interval[0]).to.be.lessThan(0);
    expect(none.interval[1]).to.be.greaterThan(0);
    expect(some.interval[0]).to.be.greaterThan(0);
    const same = [cellOf('t', 0.1, 1)];
    expect(differenceOfDifferences(same, same, new Random(1)).interval).to.deep.equal([0, 0]);
  });
});
