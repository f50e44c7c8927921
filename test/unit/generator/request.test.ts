import { InvalidRequestError, ProfileError } from '@easel/sdk/errors';
import { assertBudget, type Budget, CostTables, isBudget, limitsOf, modelBytesTable } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  countMacs,
  countParameters,
  decisionsOf,
  presetSpace,
  randomArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

describe('budgets as limits', () => {
  const space = presetSpace('mobile-32');
  const tables = new CostTables(space, someProfile(space));
  tables.modelBytes = modelBytesTable;

  it('become limits on the tables of their metrics', () => {
    const decisions = decisionsOf(space);
    const budget: Budget = { modelBytes: 9e5, parameters: 2e5, latencyMs: 2, macs: 1e7 };
    const limits = limitsOf(budget, tables, 3);
    expect(limits.map(({ table, most }) => [table.metric, most])).to.deep.equal([
      ['latencyMs', 2],
      ['macs', 1e7],
      ['parameters', 2e5],
      ['modelBytes', 9e5],
    ]);
    const architecture = randomArchitecture(space, new Random(1));
    const costs = limits.map(({ table }) => architectureCost(table, decisions, architecture));
    expect(costs[1]).to.equal(countMacs(space, architecture, 3));
    expect(costs[2]).to.equal(countParameters(space, architecture, 3));
  });

  it('are rejected with the field and what it should be', () => {
    const cases: [unknown, string][] = [
      [{}, 'latencyMs, macs, parameters, modelBytes'],
      [undefined, 'budget must be'],
      [null, 'budget must be'],
      [[2], 'budget must be'],
      [3, 'budget must be'],
      [{ latency: 2 }, '"latency"'],
      [{ latencyMs: undefined }, 'latencyMs, macs'],
      [{ latencyMs: 0 }, 'budget.latencyMs must be a finite number above 0, got 0'],
      [{ latencyMs: -1 }, 'got -1'],
      [{ macs: Number.NaN }, 'budget.macs must be a finite number above 0, got NaN'],
      [{ parameters: Number.POSITIVE_INFINITY }, 'budget.parameters'],
      [{ macs: 1e6, modelBytes: '1 MB' }, 'budget.modelBytes must be a finite number above 0, got "1 MB"'],
    ];
    for (const [budget, message] of cases) {
      expect(isBudget(budget), String(message)).to.equal(false);
      expect(() => assertBudget(budget), String(message)).to.throw(InvalidRequestError, message);
    }
  });

  it('by latency need a device profile, of the same search space', () => {
    expect(() => limitsOf({ latencyMs: 2 }, new CostTables(space), 3)).to.throw(InvalidRequestError, 'device profile');
    expect(limitsOf({ macs: 2e7 }, new CostTables(space), 3)).to.have.length(1);
    expect(() => new CostTables(presetSpace('tiny-32'), someProfile(space))).to.throw(ProfileError, 'mobile-32');
  });
});
