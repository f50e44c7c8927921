import { ProfileError } from '@easel/sdk/errors';
import {
  type DeviceProfile,
  latencyTable,
  parseProfile,
  predictLatency,
  profileRefusal,
  profileWarnings,
} from '@easel/sdk/profile';
import { parseArchitecture, presetSpace, presets, type SearchSpace, spaceFingerprint } from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from './some-profile.js';

/** The profile with one field, given by its path, replaced (or removed, by undefined). */
function altered(profile: DeviceProfile, path: string, value: unknown): unknown {
  const copy = structuredClone(profile) as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() as string;
  const parent = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

describe('device profile', () => {
  const space = presetSpace('mobile-32');
  const profile = someProfile(space);

  it('survives JSON and parsing, for every preset', () => {
    for (const preset of presets) {
      const document = someProfile(preset);
      expect(parseProfile(JSON.parse(JSON.stringify(document)), preset)).to.deep.equal(document);
    }
  });

  it('is rejected with the name of the field', () => {
    const cases: [path: string, value: unknown, field: string][] = [
      ['schemaVersion', 2, 'schemaVersion'],
      ['schemaVersion', undefined, 'schemaVersion'],
      ['name', 'My Laptop', 'name'],
      ['terms.0.base', -0.1, 'terms.0.base'],
      ['terms.0.base', Number.NaN, 'terms.0.base'],
      ['terms.0.base', Number.POSITIVE_INFINITY, 'terms.0.base'],
      ['terms.0.base', null, 'terms.0.base'],
      ['terms.0.units.1.later.5x4', -1, 'terms.0.units.1.later.5x4'],
      ['terms.0.units.1.later.5x4', 'fast', 'terms.0.units.1.later.5x4'],
      ['terms', [], 'terms'],
      ['runtime.threads', 0, 'runtime.threads'],
      ['device.cpu', '', 'device.cpu'],
      ['device.hostname', 'here', 'device.hostname'],
      ['measured.date', 'yesterday', 'measured.date'],
      ['error.within10', 1.5, 'error.within10'],
    ];
    for (const [path, value, field] of cases) {
      expect(() => parseProfile(altered(profile, path, value)), path).to.throw(ProfileError, field);
    }
    for (const document of [null, 3, 'text', [], {}]) {
      expect(() => parseProfile(document)).to.throw(ProfileError, '(unnamed)');
    }
  });

  it('is rejected for another search space, naming both', () => {
    const tiny = presetSpace('tiny-32');
    expect(() => parseProfile(profile, tiny)).to.throw(ProfileError, /mobile-32.*tiny-32/);
    // The same name, other contents.
    const namesake: SearchSpace = { ...space, head: { ...space.head, channels: 1000 } };
    const both = new RegExp(`${spaceFingerprint(space)}.*${spaceFingerprint(namesake)}`);
    expect(() => parseProfile(profile, namesake)).to.throw(ProfileError, both);
    expect(() => latencyTable(profile, namesake)).to.throw(ProfileError, both);
  });

  it('is rejected if it does not cover the search space', () => {
    const cases: [path: string, value: unknown, problem: string][] = [
      ['terms.0.resolution', 64, 'resolutions are 64; the search space has 32'],
      ['terms.0.units', profile.terms[0]?.units.slice(1), 'terms.0.units: 3 units; the search space has 4'],
      ['terms.0.units.2.first.5x3', undefined, 'terms.0.units.2.first: option 5x3 is missing'],
      ['terms.0.units.2.first.9x9', 1, 'terms.0.units.2.first: option 9x9 is not one'],
    ];
    for (const [path, value, problem] of cases) {
      expect(() => parseProfile(altered(profile, path, value), space), path).to.throw(ProfileError, problem);
    }
  });

  it('predicts the base of the resolution plus the term of every kept block', () => {
    const elastic = presetSpace('mobile-64');
    const architecture = parseArchitecture(elastic, '48:3x2,5x4/7x3/3x2,3x2,3x2/5x3');
    // In hundredths of a ms: base 48, first blocks twice kernel x ratio.
    const expected = 48 + (2 * 6 + 20) + 2 * 21 + (2 * 6 + 6 + 6) + 2 * 15;
    expect(predictLatency(someProfile(elastic), elastic, architecture)).to.be.closeTo(expected / 100, 1e-12);
  });

  it('warns of a noisy machine, of wrong predictions, and of none checked', () => {
    expect(profileWarnings(profile)).to.deep.equal([]);
    const { measured, error } = profile;
    expect(profileWarnings({ ...profile, measured: { ...measured, noise: 0.25 } })[0]).to.include('25.0 %');
    expect(profileWarnings({ ...profile, error: { ...error, within10: 0.5 } })[0]).to.include('50.0 % of 40 unseen');
    expect(profileWarnings({ ...profile, error: { ...error, subnets: 0 } })[0]).to.include('not checked');
  });

  it('says that other programs were busy where that may be why', () => {
    const { measured, device } = profile;
    const busy = { ...profile, device: { ...device, cores: 2 }, measured: { ...measured, others: 1.3 } };
    expect(profileWarnings(busy)).to.deep.equal([]);
    const warnings = profileWarnings({ ...busy, measured: { ...busy.measured, noise: 0.3 } });
    expect(warnings[0]).to.include('close other programs');
    expect(warnings.at(-1)).to.include('1.3 of 2 cores');
  });

  it('tells threads that do not keep their speed from other programs', () => {
    const { device, runtime } = profile;
    const measured = { ...profile.measured, noise: 0.3, others: 0.1 };
    const noisy = { ...profile, device: { ...device, cores: 2 }, measured };
    const threaded = { ...noisy, runtime: { ...runtime, threads: 2 } };
    const warnings = profileWarnings(threaded);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('30.0 %').and.include('--threads 1').and.include('the speed of 2 threads');
    expect(profileWarnings(noisy)[0]).to.include('close other programs');
    const { others: _, ...unknown } = measured;
    expect(profileWarnings({ ...threaded, measured: unknown })[0]).to.include('close other programs');
  });

  it('is refused where it would mislead, and only there', () => {
    const { measured, error } = profile;
    expect(profileRefusal(profile)).to.equal(undefined);
    expect(profileRefusal({ ...profile, measured: { ...measured, noise: 0.25 } })).to.equal(undefined);
    expect(profileRefusal({ ...profile, measured: { ...measured, noise: 0.7 } })).to.include('70.0 %');
    expect(profileRefusal({ ...profile, error: { ...error, within10: 0.5 } })).to.include('50.0 % of 40');
  });
});

describe('space fingerprint', () => {
  it('depends on the contents and not on the order of keys', () => {
    const space = presetSpace('tiny-32');
    const reversed = Object.fromEntries(Object.entries(space).reverse()) as unknown as SearchSpace;
    expect(spaceFingerprint(reversed)).to.equal(spaceFingerprint(space));
    expect(new Set(presets.map(spaceFingerprint)).size).to.equal(presets.length);
    expect(spaceFingerprint(space)).to.match(/^[0-9a-f]{16}$/);
  });
});
