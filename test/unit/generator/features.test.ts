import { InvalidRequestError } from '@easel/sdk/errors';
import {
  costRange,
  deviceFeatureCount,
  deviceFeatures,
  FeatureEncoder,
  featureCount,
  generatorFeatures,
  relativeBudget,
} from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import { architectureCost, type CostTable, decisionsOf, macsTable, presetSpace, presets } from '@easel/sdk/space';
import { expect } from 'chai';
import { allArchitectures, plausibleTable, smallSpaces, tableOf } from './spaces.js';

const faster = (table: CostTable, factor: number): CostTable => ({
  ...table,
  base: table.base.map((base) => base / factor),
  blocks: table.blocks.map((blocks) => blocks.map((options) => options.map((cost) => cost / factor))),
});

describe('generator features', () => {
  it('are as many as announced, classes first, then the budget, then the device', () => {
    for (const space of presets) {
      const table = plausibleTable(space, new Random(2));
      const features = generatorFeatures(space, 7, [1, 6], [{ table, most: Number.POSITIVE_INFINITY }]);
      expect(features).to.have.length(featureCount(space, 7));
      expect([...features.subarray(0, 8)]).to.deep.equal([0, 1, 0, 0, 0, 0, 1, 1]);
      expect(features.subarray(8)).to.deep.equal(deviceFeatures(space, table));
      expect(features.subarray(8)).to.have.length(deviceFeatureCount(space));
    }
  });

  it('describe a faster device of the same shape alike, and another shape differently', () => {
    const space = presetSpace('mobile-64');
    const random = new Random(3);
    const table = plausibleTable(space, random);
    const features = deviceFeatures(space, table);
    deviceFeatures(space, faster(table, 3)).forEach((value, i) => {
      expect(value).to.be.closeTo(features[i] as number, 1e-6);
    });
    const other = deviceFeatures(space, plausibleTable(space, random));
    expect(Math.max(...other.map((value, i) => Math.abs(value - (features[i] as number))))).to.be.above(0.1);
  });

  it('are zero for a device that takes time in proportion to MACs', () => {
    const space = presetSpace('mobile-32');
    const features = deviceFeatures(space, faster(macsTable(space, 1), 1e7));
    expect(Math.max(...features.map(Math.abs))).to.be.below(1e-6);
  });

  it('stay around 1 on real spaces', () => {
    for (const space of presets) {
      const features = deviceFeatures(space, plausibleTable(space, new Random(4)));
      expect(Math.max(...features.map(Math.abs))).to.be.within(0.05, 10);
    }
  });

  it('give the range from the cheapest to the most expensive architecture', () => {
    const random = new Random(5);
    for (const space of smallSpaces) {
      const decisions = decisionsOf(space);
      const table = tableOf(decisions, 'latencyMs', () => random.float());
      const costs = allArchitectures(space).map((architecture) => architectureCost(table, decisions, architecture));
      const { smallest, largest } = costRange(decisions, table);
      expect(smallest).to.be.closeTo(Math.min(...costs), 1e-12);
      expect(largest).to.be.closeTo(Math.max(...costs), 1e-12);
    }
  });

  it('place a budget in the range, clipped', () => {
    const range = { smallest: 2, largest: 6 };
    expect([1, 2, 3, 6, 9].map((most) => relativeBudget(range, most))).to.deep.equal([0, 0, 0.25, 1, 1]);
  });

  it('describe the tightest of several limits', () => {
    const space = presetSpace('tiny-32');
    const random = new Random(6);
    const [latency, macs] = [plausibleTable(space, random), plausibleTable(space, random, 'macs')];
    const encoder = new FeatureEncoder(space, 2);
    const at = (table: CostTable, part: number) => {
      const { smallest, largest } = encoder.range(table);
      return { table, most: smallest + part * (largest - smallest) };
    };
    const features = encoder.encode([0], [at(latency, 0.75), at(macs, 0.25)]);
    expect(features[2]).to.be.closeTo(0.25, 1e-6);
    expect(features.subarray(3)).to.deep.equal(deviceFeatures(space, macs));
  });

  it('can be written into a row of a batch, whatever was there', () => {
    const space = presetSpace('tiny-32');
    const encoder = new FeatureEncoder(space, 3);
    const limits = [{ table: plausibleTable(space, new Random(8)), most: 60 }];
    const batch = new Float32Array(2 * encoder.length).fill(9);
    encoder.encode([2], limits, batch.subarray(encoder.length));
    expect(batch.subarray(encoder.length)).to.deep.equal(encoder.encode([2], limits));
    expect(batch.subarray(0, encoder.length)).to.deep.equal(new Float32Array(encoder.length).fill(9));
  });

  it('reject a class that there is not', () => {
    const space = presetSpace('tiny-32');
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expect(() => generatorFeatures(space, 3, [index], [])).to.throw(InvalidRequestError, '0 to 2');
    }
  });
});
