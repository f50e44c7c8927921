import { conform, count, type Infer, strictObject, text, time } from '../schema/index.js';
import {
  type BlockChoice,
  blockOptions,
  deepest,
  type SearchSpace,
  spaceFingerprint,
  type Unit,
} from '../space/index.js';

const ratio = { type: 'number', minimum: 0 } as const;
const fraction = { ...ratio, maximum: 1 } as const;
const milliseconds = ratio;

/** By option, written as kernel size x expand ratio: `{ "3x2": 0.031, "3x4": 0.052 }`. */
const optionCosts = {
  type: 'object',
  propertyNames: { type: 'string', pattern: '^\\d+x\\d+$', expected: 'option' },
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
    expected: 'profile',
  },
  space: strictObject({
    name: text,
    fingerprint: { type: 'string', pattern: '^[0-9a-f]{16}$', expected: 'fingerprint' },
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

/** The profile that an untrusted document is, measured for this space; undefined if it is none. `parseProfile` says why. */
export function profileIn(document: unknown, space: SearchSpace): DeviceProfile | undefined {
  const profile = conform(deviceProfileSchema, document);
  return profile && isProfileOf(profile, space) ? profile : undefined;
}

/** Whether the profile was measured for the search space, and covers it. */
export function isProfileOf({ space: measured, terms }: DeviceProfile, space: SearchSpace): boolean {
  const covers = (units: ProfileTerms['units']) =>
    units.length === space.units.length &&
    space.units.every((unit, u) =>
      places.every((place) => {
        const known = Object.keys(units[u]?.[place] ?? {});
        return String(known.sort()) === String([...optionsAt(unit, place)].sort());
      }),
    );
  return (
    measured.name === space.name &&
    measured.fingerprint === spaceFingerprint(space) &&
    String(terms.map(({ resolution }) => resolution)) === String(space.resolutions) &&
    terms.every(({ units }) => covers(units))
  );
}

/** A unit's first block, which strides, and its later ones. */
export const places = ['first', 'later'] as const;

/** The keys of what is to be known of a unit's blocks. */
export function optionsAt(unit: Unit, place: (typeof places)[number]): readonly string[] {
  return place === 'later' && deepest(unit) === 1 ? [] : blockOptions(unit).map(optionKey);
}
