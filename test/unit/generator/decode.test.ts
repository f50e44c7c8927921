import { InfeasibleBudgetError, InvalidRequestError } from '@easel/sdk/errors';
import { costRange, Decoder, decode, type Limit, singleLimitDecoder } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  architectureCost,
  type CostTable,
  chosenOptions,
  type Decision,
  decisionsOf,
  formatArchitecture,
  macsTable,
  optionCount,
  parametersTable,
  presetSpace,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { allArchitectures, plausibleTable, smallSpaces, tableOf } from './spaces.js';

function scoreOf(decisions: readonly Decision[], utilities: ArrayLike<number>, architecture: Architecture): number {
  return chosenOptions(decisions, architecture).reduce(
    (sum, option, i) => (option < 0 ? sum : sum + (utilities[(decisions[i]?.offset ?? 0) + option] as number)),
    0,
  );
}

/** Score first, then the costs in order: what decode promises to maximize and minimize. */
interface Outcome {
  readonly architecture: Architecture;
  readonly score: number;
  readonly costs: readonly number[];
}

/** Tries every architecture. */
function exhaustive(
  decisions: readonly Decision[],
  architectures: readonly Architecture[],
  utilities: ArrayLike<number>,
  limits: readonly Limit[],
): Outcome | undefined {
  let best: Outcome | undefined;
  for (const architecture of architectures) {
    const costs = limits.map(({ table }) => architectureCost(table, decisions, architecture));
    if (!costs.every((cost, k) => cost <= (limits[k] as Limit).most)) continue;
    const outcome = { architecture, score: scoreOf(decisions, utilities, architecture), costs };
    if (!best || precedes(outcome, best)) best = outcome;
  }
  return best;
}

function precedes(a: Outcome, b: Outcome): boolean {
  // Sums in another order differ by rounding; scores that close are the same score.
  if (Math.abs(a.score - b.score) > 1e-9) return a.score > b.score;
  const k = a.costs.findIndex((cost, i) => Math.abs(cost - (b.costs[i] as number)) > 1e-9);
  return k >= 0 && (a.costs[k] as number) < (b.costs[k] as number);
}

/** How utilities and costs are drawn: real numbers, and small integers that tie all the time. */
const kinds: Record<string, { utility: (random: Random) => number; cost: (random: Random) => number }> = {
  'real numbers, utilities of both signs': { utility: (r) => r.normal(), cost: (r) => r.uniform(0.01, 1) },
  'small integers (ties)': { utility: (r) => r.integer(4), cost: (r) => r.integer(4) },
  'negative utilities': { utility: (r) => -r.uniform(0.1, 2), cost: (r) => r.uniform(0, 1) },
  'all utilities equal': { utility: () => 1, cost: (r) => r.uniform(0, 1) },
  'large costs': { utility: (r) => r.normal(), cost: (r) => Math.round(r.uniform(1e5, 3e7)) },
  'costs of mixed magnitude': { utility: (r) => r.normal(), cost: (r) => 10 ** r.uniform(-6, 2) },
};

describe('decode', () => {
  for (const space of smallSpaces) {
    const decisions = decisionsOf(space);
    const architectures = allArchitectures(space);
    for (const limitCount of [0, 1, 2, 3]) {
      for (const [name, { utility, cost }] of Object.entries(kinds)) {
        it(`equals exhaustive search: space ${space.name}, ${limitCount} limits, ${name}`, () => {
          const random = new Random(7 * limitCount + name.length);
          const decoder = new Decoder(decisions);
          let feasible = 0;
          for (let trial = 0; trial < 18; trial++) {
            const utilities = Float32Array.from({ length: optionCount(space) }, () => utility(random));
            const limits = (['latencyMs', 'macs', 'parameters'] as const).slice(0, limitCount).map((metric): Limit => {
              const table = tableOf(decisions, metric, () => cost(random));
              const costs = architectures.map((architecture) => architectureCost(table, decisions, architecture));
              // Some limits are exactly the cost of some architecture, the least now and then, or barely below it.
              const some = metric === 'latencyMs' && trial % 6 === 0 ? Math.min(...costs) : random.pick(costs);
              const factor = [1, 1 - Number.EPSILON, random.uniform(0.9, 1.3)][trial % 3] as number;
              return { table, most: some * factor };
            });
            const wanted = exhaustive(decisions, architectures, utilities, limits);
            if (!wanted) {
              expect(() => decoder.decode(utilities, limits)).to.throw(InfeasibleBudgetError);
              continue;
            }
            feasible++;
            const found = decoder.decode(utilities, limits);
            limits.forEach(({ table, most }) => {
              expect(architectureCost(table, decisions, found)).to.be.at.most(most);
            });
            expect(scoreOf(decisions, utilities, found)).to.be.closeTo(wanted.score, 1e-9);
            limits.forEach(({ table }, k) => {
              const wantedCost = wanted.costs[k] as number;
              expect(architectureCost(table, decisions, found)).to.be.closeTo(wantedCost, 1e-9 * (1 + wantedCost));
            });
          }
          expect(feasible).to.be.at.least(3);
        });
      }
    }
  }

  it('takes a limit that equals the cost of an architecture, and rejects the next smaller number', () => {
    const space = smallSpaces[1] as (typeof smallSpaces)[number];
    const decisions = decisionsOf(space);
    const random = new Random(5);
    const table = tableOf(decisions, 'latencyMs', () => random.float());
    const utilities = new Float32Array(optionCount(space));
    const costs = allArchitectures(space).map((architecture) => architectureCost(table, decisions, architecture));
    const minimum = Math.min(...costs);
    const found = decode(decisions, utilities, [{ table, most: minimum }]);
    expect(architectureCost(table, decisions, found)).to.equal(minimum);
    const most = minimum * (1 - Number.EPSILON);
    try {
      decode(decisions, utilities, [{ table, most }]);
      expect.fail('no error');
    } catch (error) {
      expect(error)
        .to.be.instanceOf(InfeasibleBudgetError)
        .and.include({ metric: 'latencyMs', requested: most, minimum });
    }
  });

  it('names the limit that cannot be kept together with those before it, and its minimum given them', () => {
    const space = smallSpaces[0] as (typeof smallSpaces)[number];
    const decisions = decisionsOf(space);
    const architectures = allArchitectures(space);
    const random = new Random(11);
    const utilities = new Float32Array(optionCount(space));
    let conflicts = 0;
    for (let trial = 0; trial < 150; trial++) {
      const latency = tableOf(decisions, 'latencyMs', () => random.float());
      const macs = tableOf(decisions, 'macs', () => random.float());
      const cost = (table: typeof latency, a: Architecture) => architectureCost(table, decisions, a);
      const mostLatency = cost(latency, random.pick(architectures));
      const mostMacs = Math.min(...architectures.map((a) => cost(macs, a))) * 1.05;
      const minimum = Math.min(
        ...architectures.filter((a) => cost(latency, a) <= mostLatency).map((a) => cost(macs, a)),
      );
      if (minimum <= mostMacs) continue;
      conflicts++;
      const limits = [
        { table: latency, most: mostLatency },
        { table: macs, most: mostMacs },
      ];
      try {
        decode(decisions, utilities, limits);
        expect.fail('no error');
      } catch (error) {
        expect(error)
          .to.be.instanceOf(InfeasibleBudgetError)
          .and.include({ metric: 'macs', requested: mostMacs, minimum });
        expect((error as InfeasibleBudgetError).together).to.deep.equal([{ metric: 'latencyMs', most: mostLatency }]);
        expect((error as Error).message).to.include(`together with latencyMs <= ${mostLatency}:`);
      }
    }
    expect(conflicts).to.be.at.least(10);
  });

  it('keeps the limit, and is no worse than any of many random architectures, on real spaces', () => {
    for (const name of ['mobile-32', 'mobile-64', 'ofa-mbv3-224']) {
      const space = presetSpace(name);
      const decisions = decisionsOf(space);
      const decoder = new Decoder(decisions);
      const random = new Random(3);
      const table = plausibleTable(space, random);
      const minimum = decoder.minimum(table);
      for (let trial = 0; trial < 40; trial++) {
        const utilities = Float32Array.from({ length: optionCount(space) }, () => random.normal());
        const most = minimum * random.uniform(1, 3);
        const found = decoder.decode(utilities, [{ table, most }]);
        expect(architectureCost(table, decisions, found)).to.be.at.most(most);
        // No single change of a kept block improves the score within the limit.
        const score = scoreOf(decisions, utilities, found);
        for (const neighbour of neighbours(decisions, found)) {
          if (architectureCost(table, decisions, neighbour) > most) continue;
          expect(scoreOf(decisions, utilities, neighbour), formatArchitecture(neighbour)).to.be.at.most(score + 1e-9);
        }
      }
    }
  });

  it('is bounded in work where utilities are nearly proportional to costs, and says how far off it may be', () => {
    const gaps: number[] = [];
    for (const name of ['mobile-32', 'mobile-64']) {
      const space = presetSpace(name);
      const decisions = decisionsOf(space);
      const decoder = new Decoder(decisions);
      const random = new Random(3);
      const macs = macsTable(space, 10);
      const tables = [plausibleTable(space, random), macs, parametersTable(space, 10)];
      for (const noise of [0, 1e-3, 1e-2]) {
        const utilities = new Float64Array(optionCount(space));
        let block = 0;
        for (const decision of decisions) {
          if (decision.kind !== 'block') continue;
          macs.blocks.at(-1)?.[block++]?.forEach((cost, option) => {
            utilities[decision.offset + option] = (cost / 1e6) * (1 + noise * random.normal());
          });
        }
        for (const share of [0.3, 0.6]) {
          const limits = tables.map((table): Limit => {
            const { smallest, largest } = costRange(decisions, table);
            return { table, most: smallest + (largest - smallest) * share };
          });
          // Without the bound, some of these take minutes and gigabytes.
          const found = decoder.decode(utilities, limits);
          for (const { table, most } of limits) expect(architectureCost(table, decisions, found)).to.be.at.most(most);
          const score = scoreOf(decisions, utilities, found);
          const { gap } = decoder;
          expect(gap).to.be.within(0, 0.05 * score);
          gaps.push(gap);
          // What keeps tighter limits keeps these too, and so cannot be better than they allow.
          const tighter = limits.map(({ table, most }) => ({ table, most: 0.998 * most }));
          expect(scoreOf(decisions, utilities, decoder.decode(utilities, tighter))).to.be.at.most(score + gap + 1e-9);
          // Fewer limits can only allow more: an independent bound.
          const relaxed = decoder.decode(utilities, limits.slice(0, 1));
          expect(scoreOf(decisions, utilities, relaxed) + decoder.gap).to.be.at.least(score - 1e-9);
        }
      }
    }
    expect(gaps.filter((gap) => gap > 0)).not.to.deep.equal([]);
  });

  it('names two limits that conflict, not a third one that has nothing to do with it', () => {
    const space = smallSpaces[0] as (typeof smallSpaces)[number];
    const decisions = decisionsOf(space);
    const architectures = allArchitectures(space);
    const random = new Random(21);
    let conflicts = 0;
    for (let trial = 0; trial < 60; trial++) {
      const [latency, macs, parameters] = (['latencyMs', 'macs', 'parameters'] as const).map((metric) =>
        tableOf(decisions, metric, () => random.float()),
      ) as [CostTable, CostTable, CostTable];
      const least = (table: CostTable) => Math.min(...architectures.map((a) => architectureCost(table, decisions, a)));
      const limits = [
        { table: latency, most: least(latency) * 1.02 },
        { table: macs, most: 1e9 },
        { table: parameters, most: least(parameters) * 1.02 },
      ];
      try {
        decode(decisions, new Float32Array(optionCount(space)), limits);
      } catch (error) {
        conflicts++;
        expect((error as InfeasibleBudgetError).metric).to.equal('parameters');
        expect((error as InfeasibleBudgetError).together).to.deep.equal([
          { metric: 'latencyMs', most: limits[0]?.most },
        ]);
      }
    }
    expect(conflicts).to.be.at.least(10);
  });

  it('gives the same answer from a decoder that was used before', () => {
    const space = presetSpace('mobile-32');
    const decisions = decisionsOf(space);
    const random = new Random(9);
    const used = new Decoder(decisions);
    for (let trial = 0; trial < 50; trial++) {
      const table = plausibleTable(space, random);
      const second = plausibleTable(space, random, 'macs');
      const utilities = Float32Array.from({ length: optionCount(space) }, () => random.normal());
      const limits = [
        { table, most: used.minimum(table) * 1.5 },
        { table: second, most: used.minimum(second) * 1.8 },
      ].slice(0, 1 + (trial % 2));
      expect(used.decode(utilities, limits)).to.deep.equal(new Decoder(decisions).decode(utilities, limits));
    }
  });

  it('rejects utilities that are not finite or not one per option, and a limit that is not a number', () => {
    const space = presetSpace('tiny-32');
    const decisions = decisionsOf(space);
    const table = plausibleTable(space, new Random(1));
    const utilities = new Float32Array(optionCount(space));
    utilities[3] = Number.NaN;
    expect(() => decode(decisions, utilities, [])).to.throw(InvalidRequestError, 'utilities[3]');
    expect(() => decode(decisions, new Float32Array(2), [])).to.throw(
      InvalidRequestError,
      `${optionCount(space)} numbers`,
    );
    const zeros = new Float32Array(optionCount(space));
    expect(() => decode(decisions, zeros, [{ table, most: Number.NaN }])).to.throw(InvalidRequestError, 'latencyMs');
  });
});

describe('singleLimitDecoder', () => {
  for (const space of smallSpaces) {
    const decisions = decisionsOf(space);
    const architectures = allArchitectures(space);
    for (const [name, { utility, cost }] of Object.entries(kinds)) {
      it(`equals exhaustive search, or leaves the answer to Decoder: space ${space.name}, ${name}`, () => {
        const random = new Random(13 + name.length);
        const decode = singleLimitDecoder(decisions);
        let feasible = 0;
        for (let trial = 0; trial < 30; trial++) {
          const utilities = Float32Array.from({ length: optionCount(space) }, () => utility(random));
          const table = tableOf(decisions, 'latencyMs', () => cost(random));
          const some = architectureCost(table, decisions, random.pick(architectures));
          const limit: Limit = { table, most: trial % 3 === 0 ? some : some * random.uniform(0.7, 1.3) };
          const wanted = exhaustive(decisions, architectures, utilities, [limit]);
          const found = decode(utilities, limit);
          if (!wanted) expect(found).to.equal(undefined);
          if (!found || !wanted) continue;
          feasible++;
          const least = architectureCost(table, decisions, found);
          expect(least).to.be.at.most(limit.most);
          expect(least).to.be.closeTo(wanted.costs[0] as number, 1e-9 * (1 + least));
          expect(scoreOf(decisions, utilities, found)).to.be.closeTo(wanted.score, 1e-9);
        }
        expect(feasible).to.be.at.least(20);
      });
    }
  }

  it('answers as Decoder does on real spaces, where costs and utilities are real numbers', () => {
    for (const name of ['mobile-32', 'mobile-64', 'ofa-mbv3-224']) {
      const space = presetSpace(name);
      const decisions = decisionsOf(space);
      const random = new Random(17);
      const single = singleLimitDecoder(decisions);
      const general = new Decoder(decisions);
      for (let trial = 0; trial < 20; trial++) {
        const table = plausibleTable(space, random);
        const utilities = Float32Array.from({ length: optionCount(space) }, () => random.normal());
        const limit = { table, most: general.minimum(table) * random.uniform(1, 3) };
        expect(single(utilities, limit)).to.deep.equal(general.decode(utilities, [limit]));
      }
    }
  });

  it('leaves to Decoder what is malformed, and what would take too long', () => {
    const space = presetSpace('mobile-32');
    const decisions = decisionsOf(space);
    const single = singleLimitDecoder(decisions);
    const table = plausibleTable(space, new Random(1));
    const utilities = new Float32Array(optionCount(space));
    for (const malformed of [Number.NaN, Number.POSITIVE_INFINITY]) {
      utilities[7] = malformed;
      expect(single(utilities, { table, most: 1e9 })).to.equal(undefined);
    }
    utilities[7] = 0;
    expect(single(utilities, { table, most: 1e9 })).not.to.equal(undefined);
    expect(single(new Float32Array(2), { table, most: 1 })).to.equal(undefined);
    let block = 0;
    for (const { kind, offset } of decisions) {
      if (kind === 'block') utilities.set(table.blocks[0]?.[block++] as number[], offset);
    }
    const { smallest, largest } = costRange(decisions, table);
    expect(single(utilities, { table, most: (smallest + largest) / 2 })).to.equal(undefined);
  });
});

/** Every architecture that differs in one kept block. */
function neighbours(decisions: readonly Decision[], { resolution, units }: Architecture): Architecture[] {
  return decisions.flatMap((decision) => {
    if (decision.kind !== 'block' || decision.block >= (units[decision.unit]?.length ?? 0)) return [];
    return decision.options.map((option) => ({
      resolution,
      units: units.map((blocks, u) =>
        u === decision.unit ? blocks.map((block, b) => (b === decision.block ? option : block)) : blocks,
      ),
    }));
  });
}
