import { ProfileError } from '../errors/index.js';
import { type Infer, parse, SchemaProblem, strictObject, text, time } from '../schema/index.js';
import { type BlockChoice, blockOptions, deepest, type SearchSpace, spaceFingerprint } from '../space/index.js';

const count = { type: 'integer', minimum: 1 } as const;
const ratio = { type: 'number', minimum: 0 } as const;
const fraction = { ...ratio, maximum: 1 } as const;
const milliseconds = ratio;

/** By option, written as kernel size x expand ratio: `{ "3x2": 0.031, "3x4": 0.052 }`. */
const optionCosts = {
  type: 'object',
  propertyNames: { type: 'string', pattern: '^\\d+x\\d+$', expected: 'like 3x2' },
  additionalProperties: milliseconds,
} as const;

/**
 * As JSON Schema it is device-profiles/schema/device-profile.schema.json, with the descriptions that
 * exporter/src/profiling/json-schema.ts adds: browsers should not have to load those.
 */
export const deviceProfileSchema = strictObject({
  schemaVersion: { const: 1 },
  name: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9.\\-]*$',
    expected: 'lower-case letters, digits, dashes and dots',
  },
  space: strictObject({
    name: text,
    fingerprint: { type: 'string', pattern: '^[0-9a-f]{16}$', expected: '16 hexadecimal digits' },
    classes: count,
  }),
  device: strictObject({ cpu: text, architecture: text, simd: text, cores: count, memoryBytes: count, os: text }, [
    'simd',
    'memoryBytes',
  ]),
  runtime: strictObject({ engine: text, version: text, provider: text, browser: text, threads: count }, ['browser']),
  measured: strictObject(
    {
      date: time,
      subnets: count,
      repeats: count,
      quantile: fraction,
      noise: ratio,
      seconds: ratio,
      others: ratio,
      adaptedFrom: text,
    },
    ['seconds', 'others', 'adaptedFrom'],
  ),
  terms: {
    type: 'array',
    minItems: 1,
    items: strictObject({
      resolution: count,
      base: milliseconds,
      units: { type: 'array', items: strictObject({ first: optionCosts, later: optionCosts }) },
    }),
  },
  error: strictObject({
    subnets: { type: 'integer', minimum: 0 },
    medianRelative: ratio,
    p90: ratio,
    within5: fraction,
    within10: fraction,
  }),
});

/** What a device is and how long the blocks of a search space take on it: a latency lookup table with its facts. */
export type DeviceProfile = Infer<typeof deviceProfileSchema>;
export type ProfileTerms = DeviceProfile['terms'][number];

/** The key of an option in a profile: kernel size x expand ratio. */
export function optionKey({ kernel, expandRatio }: BlockChoice): string {
  return `${kernel}x${expandRatio}`;
}

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
      const options = blockOptions(unit).map(optionKey);
      for (const place of ['first', 'later'] as const) {
        const wanted = place === 'later' && deepest(unit) === 1 ? [] : options;
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
