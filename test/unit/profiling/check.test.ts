import { predictLatency } from '@easel/sdk/profile';
import { checkProfile, type LatencyMeter, randomSupernet } from '@easel/sdk/profiling';
import { parseArchitecture, presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

const space = presetSpace('tiny-32');
const profile = someProfile(space);
const supernet = randomSupernet(space, profile.space.classes);

/** A device on which each subnet takes what the profile says, times a factor of its own. */
function deviceOf(factor: (architecture: string, visit: number) => number): LatencyMeter {
  let visits = 0;
  return {
    async time({ model }) {
      const [, name] = /tiny-32 (32:[\dx,/]+)/.exec(new TextDecoder().decode(model)) as unknown as [string, string];
      return [factor(name, visits++) * predictLatency(profile, space, parseArchitecture(space, name))];
    },
  };
}

describe('checkProfile', () => {
  it('finds that a profile holds', async () => {
    const done: number[] = [];
    const check = await checkProfile(
      space,
      profile,
      deviceOf(() => 1.02),
      { supernet, onProgress: (count, total) => done.push(count / total) },
    );
    expect(check.measured).to.have.length(20);
    expect(check).to.include({ holds: true, shapeWithin10: 1 });
    expect(check.level).to.be.closeTo(1.02, 1e-9);
    expect(check.noise).to.be.closeTo(0, 1e-9);
    expect(done.at(-1)).to.equal(1);
  });

  it('tells a device that only became slower from one that is another', async () => {
    const slower = await checkProfile(
      space,
      profile,
      deviceOf(() => 1.3),
      { supernet },
    );
    expect(slower).to.include({ holds: false, shapeWithin10: 1 });
    expect(slower.level).to.be.closeTo(1.3, 1e-9);
    expect(slower.error.within10).to.equal(0);
    const another = await checkProfile(
      space,
      profile,
      deviceOf((architecture) => (architecture.startsWith('32:5x') ? 1.6 : 1)),
      { supernet },
    );
    expect(another.holds).to.equal(false);
    expect(another.shapeWithin10).to.be.below(0.9);
  });

  it('says how much one and the same subnet varied', async () => {
    const { noise } = await checkProfile(
      space,
      profile,
      deviceOf((_, visit) => (visit % 2 ? 1 : 1.5)),
      { supernet },
    );
    expect(noise).to.be.above(0.2);
  });
});
