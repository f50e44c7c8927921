import { ProfileError } from '../errors/index.js';
import { parse, SchemaProblem } from '../schema/index.js';
import { type SearchSpace, spaceFingerprint } from '../space/index.js';
import { type DeviceProfile, deviceProfileSchema, optionsAt, places } from './profile.js';

/**
 * Checks an untrusted document.
 *
 * @param space if given, the profile must have been measured for it
 * @throws ProfileError that names the field, or both search spaces
 */
export function parseProfile(document: unknown, space?: SearchSpace): DeviceProfile {
  let profile: DeviceProfile;
  try {
    profile = parse(deviceProfileSchema, document);
  } catch (problem) {
    if (!(problem instanceof SchemaProblem)) throw problem;
    throw new ProfileError(nameOf(document), problem.message);
  }
  if (space) assertProfileOf(profile, space);
  return profile;
}

/** @throws ProfileError if the profile was measured for another search space, or does not cover this one. */
export function assertProfileOf(profile: DeviceProfile, space: SearchSpace): void {
  const fail = (problem: string): never => {
    throw new ProfileError(profile.name, problem);
  };
  const fingerprint = spaceFingerprint(space);
  if (profile.space.name !== space.name || profile.space.fingerprint !== fingerprint) {
    fail(
      `space: measured for search space ${profile.space.name} (${profile.space.fingerprint}), ` +
        `needed is ${space.name} (${fingerprint}); measure this device again for it`,
    );
  }
  const resolutions = profile.terms.map(({ resolution }) => resolution);
  if (resolutions.join() !== space.resolutions.join()) {
    fail(`terms: resolutions are ${resolutions.join(', ')}; the search space has ${space.resolutions.join(', ')}`);
  }
  profile.terms.forEach(({ units }, r) => {
    if (units.length !== space.units.length) {
      fail(`terms.${r}.units: ${units.length} units; the search space has ${space.units.length}`);
    }
    space.units.forEach((unit, u) => {
      for (const place of places) {
        const wanted = optionsAt(unit, place);
        const given = Object.keys(units[u]?.[place] ?? {});
        const wrong = given.find((key) => !wanted.includes(key)) ?? wanted.find((key) => !given.includes(key));
        if (wrong === undefined) continue;
        const problem = wanted.includes(wrong) ? `option ${wrong} is missing` : `option ${wrong} is not one`;
        fail(`terms.${r}.units.${u}.${place}: ${problem}; options are ${wanted.join(', ') || '(none)'}`);
      }
    });
  });
}

function nameOf(document: unknown): string {
  const name = document !== null && typeof document === 'object' ? (document as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : '(unnamed)';
}
