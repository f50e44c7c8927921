import { type DeviceProfile, latencyTable } from '@easel/sdk/profile';
import { predict, TermLayout } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  countMacs,
  decisionsOf,
  macsTable,
  parseArchitecture,
  presetSpace,
  presets,
  randomArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

describe('TermLayout', () => {
  it('has a base per resolution, and per unit the options of its first and of its later blocks', () => {
    // 3 units, at most 2 blocks each, of 2 kernels x 2 expand ratios.
    expect(new TermLayout(presetSpace('tiny-32')).count).to.equal(1 + 3 * 2 * 4);
    // The first unit of Once-for-All's space has one block without choices.
    expect(new TermLayout(presetSpace('ofa-mbv3-224')).count).to.equal(4 * (1 + 1 + 5 * 2 * 9));
  });

  it('counts how often each term occurs: later blocks of a unit share theirs', () => {
    const space = presetSpace('mobile-32');
    const row = new TermLayout(space).row(parseArchitecture(space, '32:3x2,5x4,5x4/3x2/3x2/3x2'));
    expect([...row].filter((count) => count > 0).sort()).to.deep.equal([1, 1, 1, 1, 1, 2]);
  });

  for (const space of presets) {
    it(`gives every architecture what the profile's table gives it: ${space.name}`, () => {
      const layout = new TermLayout(space);
      const decisions = decisionsOf(space);
      const random = new Random(1);
      const values = Float64Array.from({ length: layout.count }, () => random.float());
      const profile: DeviceProfile = { ...someProfile(space), terms: layout.toTerms(values) };
      const table = latencyTable(profile, space);
      const macs = layout.valuesOf(macsTable(space, 5));
      for (let trial = 0; trial < 10; trial++) {
        const architecture = randomArchitecture(space, random);
        const row = layout.row(architecture);
        expect(predict(values, row)).to.be.closeTo(architectureCost(table, decisions, architecture), 1e-9);
        expect(predict(macs, row)).to.equal(countMacs(space, architecture, 5));
      }
      expect([...layout.valuesOf(table)]).to.deep.equal([...values]);
    });
  }
});
