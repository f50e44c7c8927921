import * as v from 'valibot';
import { ProfileError } from '../errors/index.js';
import { type BlockChoice, blockOptions, deepest, type SearchSpace, spaceFingerprint } from '../space/index.js';

const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const ratio = v.pipe(v.number(), v.finite(), v.minValue(0));

const milliseconds = v.pipe(
  v.number(),
  v.finite('must be a finite number of milliseconds'),
  v.minValue(0, 'must be a number of milliseconds >= 0'),
);

/** By option, written as kernel size x expand ratio: `{ "3x2": 0.031, "3x4": 0.052 }`. */
const optionCosts = v.record(v.pipe(v.string(), v.regex(/^\d+x\d+$/, 'must be like 3x2')), milliseconds);

/** Field descriptions also end up in device-profiles/schema/device-profile.schema.json. */
export const deviceProfileSchema = v.strictObject({
  schemaVersion: v.literal(1),
  name: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower-case letters, digits, dashes and dots'),
    v.description("Unique; also the file's name without .json."),
  ),
  space: v.pipe(
    v.strictObject({ name: text, fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)), classes: count }),
    v.description('What was measured: the search space, a hash of its document, the number of classes told apart.'),
  ),
  device: v.strictObject({
    cpu: text,
    architecture: text,
    simd: v.optional(v.pipe(text, v.description('The widest vector instructions, such as avx512, avx2 or neon.'))),
    cores: count,
    memoryBytes: v.optional(count),
    os: text,
  }),
  runtime: v.strictObject({
    engine: text,
    version: text,
    provider: text,
    threads: v.pipe(count, v.description('That one inference may use.')),
  }),
  measured: v.strictObject({
    date: v.pipe(v.string(), v.isoTimestamp()),
    subnets: v.pipe(count, v.description('Whole random subnets that the terms were fitted to.')),
    repeats: v.pipe(count, v.description('Timed runs of each subnet.')),
    quantile: v.pipe(
      fraction,
      v.description(
        "Which quantile of a subnet's runs tells how subnets compare: low ones leave out interruptions. The level of " +
          'the terms is that of the median run.',
      ),
    ),
    noise: v.pipe(
      ratio,
      v.description(
        'How much the latency of one reference subnet, run in between, varied: its interquartile range / median.',
      ),
    ),
    seconds: v.optional(v.pipe(ratio, v.description('How long measuring took.'))),
    others: v.optional(
      v.pipe(ratio, v.description('Cores that other programs kept busy meanwhile, on average, where that is known.')),
    ),
  }),
  terms: v.pipe(
    v.array(
      v.strictObject({
        resolution: v.pipe(count, v.description('Side of the input image in px.')),
        base: v.pipe(milliseconds, v.description('Stem, head, and what a call costs.')),
        units: v.array(
          v.strictObject({
            first: v.pipe(optionCosts, v.description('The first block of the unit, which strides and widens.')),
            later: v.pipe(
              optionCosts,
              v.description('Each later block: they share a shape. Empty if the unit never has more than one block.'),
            ),
          }),
        ),
      }),
    ),
    v.minLength(1),
    v.description(
      'Milliseconds: the latency of an architecture is the base of its resolution plus a term for every kept block, ' +
        'by kernel size x expand ratio.',
    ),
  ),
  error: v.pipe(
    v.strictObject({
      subnets: v.pipe(v.number(), v.integer(), v.minValue(0)),
      medianRelative: ratio,
      p90: ratio,
      within5: fraction,
      within10: fraction,
    }),
    v.description(
      'Predicted against measured latency on random subnets that were not used for fitting: relative errors, and the ' +
        'shares of subnets within 5 % and 10 %.',
    ),
  ),
});

/** What a device is and how long the blocks of a search space take on it: a latency lookup table with its facts. */
export type DeviceProfile = v.InferOutput<typeof deviceProfileSchema>;
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
  const result = v.safeParse(deviceProfileSchema, document);
  if (!result.success) {
    const [issue] = result.issues;
    throw new ProfileError(nameOf(document), `${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
  }
  if (space) assertProfileOf(result.output, space);
  return result.output;
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
