import { BundleError, listed } from '../errors/index.js';
import { type Infer, object, parse, SchemaProblem, text, time } from '../schema/index.js';
import { assertSearchSpace, searchSpaceSchema } from '../space/index.js';

export const manifestFile = 'manifest.json';
export const manifestVersion = 1;

/** Relative, forward slashes, no `.`, `..` or empty part, no drive or scheme. */
const path = {
  type: 'string',
  pattern: String.raw`^(?!\.{0,2}(/|$))(?!.*/(\.{0,2})(/|$))[A-Za-z0-9._\/\-]+$`,
  expected: 'a path inside the bundle: letters, digits, dots, dashes, slashes',
} as const;
const names = { type: 'array', items: text, uniqueItems: true } as const;
const perChannel = { type: 'array', minItems: 3, maxItems: 3 } as const;

const preprocessingSchema = object({
  /** Per RGB channel, in units of 0..255: the network takes (byte - mean) / std. */
  mean: { ...perChannel, items: { type: 'number' } },
  std: { ...perChannel, items: { type: 'number', exclusiveMinimum: 0 } },
  /** The largest square in the middle, scaled: down by averaging areas, up by bilinear interpolation. */
  resize: { const: 'cover' },
});

/** Fields that this version does not know are ignored, so that later ones may add some. */
const manifestSchema = object(
  {
    schemaVersion: { const: manifestVersion },
    name: text,
    created: time,
    space: searchSpaceSchema,
    /** The supernet's classes, in the order of its logits. */
    classes: { ...names, minItems: 2 },
    tasks: { type: 'object', propertyNames: text, additionalProperties: { ...names, minItems: 1 } },
    preprocessing: preprocessingSchema,
    /** Every file but the manifest. */
    files: {
      type: 'object',
      propertyNames: path,
      additionalProperties: object({
        bytes: { type: 'integer', minimum: 0 },
        sha256: { type: 'string', pattern: '^[0-9a-f]{64}$', expected: '64 hexadecimal digits' },
      }),
    },
    supernet: path,
    statistics: path,
    generator: path,
    /** Absent from bundles that know nothing about accuracy. */
    predictor: path,
    profiles: { type: 'array', items: path },
    /** Training images for `recalibrate`, bytes [images, resolution, resolution, 3] (RGB). */
    calibration: object({
      file: path,
      images: { type: 'integer', minimum: 1 },
      resolution: { type: 'integer', minimum: 1 },
    }),
    /** Figures measured when the bundle was made; nothing depends on them. */
    accuracy: { type: 'object', additionalProperties: {} },
    provenance: object(
      {
        command: text,
        seed: { type: 'integer' },
        commit: text,
        date: time,
        /** How the supernet was trained; absent from bundles of early versions. */
        training: object(
          {
            command: text,
            seed: { type: 'integer' },
            commit: text,
            date: time,
            options: { type: 'object', additionalProperties: {} },
            steps: { type: 'integer', minimum: 0 },
            imagesSeen: { type: 'integer', minimum: 0 },
            seconds: { type: 'number', minimum: 0 },
            init: object({ kind: text, sha256: text, command: text }),
          },
          ['commit', 'init'],
        ),
      },
      ['commit', 'training'],
    ),
  },
  ['accuracy', 'predictor', 'calibration'],
);

export type Manifest = Infer<typeof manifestSchema>;
export type Preprocessing = Infer<typeof preprocessingSchema>;

/**
 * Checks an untrusted manifest.
 * @throws BundleError (of manifest.json) that names the field
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const document = parseJson(bytes);
  const version = (document as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== manifestVersion) {
    const found = version === undefined ? 'no schemaVersion' : `schemaVersion ${JSON.stringify(version)}`;
    fail(`${found}; this SDK reads ${manifestVersion}: export the bundle again, or use a matching @easel/sdk`);
  }
  const manifest = checked(document);
  const { files, classes } = manifest;
  const { supernet, statistics, generator, predictor, profiles } = manifest;
  const optional = [predictor, manifest.calibration?.file].filter((file) => file !== undefined);
  for (const file of [supernet, statistics, generator, ...optional, ...profiles]) {
    if (!Object.hasOwn(files, file)) fail(`"${file}" is not among its files: ${listed(Object.keys(files))}`);
  }
  for (const [task, members] of Object.entries(manifest.tasks)) {
    const stranger = members.find((name) => !classes.includes(name));
    if (stranger !== undefined) fail(`tasks.${task}: unknown class "${stranger}"; classes are ${listed(classes, 24)}`);
  }
  return manifest;
}

function checked(document: unknown): Manifest {
  try {
    const manifest = parse(manifestSchema, document);
    assertSearchSpace(manifest.space);
    return manifest;
  } catch (problem) {
    if (!(problem instanceof SchemaProblem)) throw problem;
    return fail(problem.message);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BundleError(manifestFile, `is not JSON (${(cause as Error).message})`, { cause });
  }
}

function fail(problem: string): never {
  throw new BundleError(manifestFile, problem);
}
