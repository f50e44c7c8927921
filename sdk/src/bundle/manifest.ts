import { conform, count, type Infer, object, text } from '../schema/index.js';
import { isSearchSpace, searchSpaceSchema } from '../space/index.js';
import { jsonIn } from './json.js';

export const manifestFile = 'manifest.json';
export const manifestVersion = 1;

/** Relative, forward slashes, no `.`, `..` or empty part, no drive or scheme. */
const path = {
  type: 'string',
  pattern: String.raw`^(?!\.{0,2}(/|$))(?!.*/(\.{0,2})(/|$))[A-Za-z0-9._\/\-]+$`,
  expected: 'path',
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

/** What running a bundle depends on. */
export const essentialFields = {
  schemaVersion: { const: manifestVersion },
  name: text,
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
      sha256: { type: 'string', pattern: '^[0-9a-f]{64}$', expected: 'sha256' },
    }),
  },
  supernet: path,
  statistics: path,
  generator: path,
  /** Absent from bundles that know nothing about accuracy. */
  predictor: path,
  profiles: { type: 'array', items: path },
  /** By task, what it changes in the supernet's weights. */
  adapters: {
    type: 'object',
    propertyNames: text,
    additionalProperties: object({
      file: path,
      /** Products that a weight's change consists of. */
      rank: count,
      /** Of accuracy (0..1), in the mean of some subnets on validation images. */
      gain: { type: 'number' },
    }),
  },
  /** Training images for `recalibrate`, bytes [images, resolution, resolution, 3] (RGB). */
  calibration: object({
    file: path,
    images: count,
    resolution: count,
  }),
} as const;
export const optionalEssentials = ['predictor', 'adapters', 'calibration'] as const;
const essentialsSchema = object(essentialFields, optionalEssentials);

/** A manifest as far as running its bundle depends on it. */
export type ManifestEssentials = Infer<typeof essentialsSchema>;
export type Preprocessing = Infer<typeof preprocessingSchema>;

/** What the manifest in these untrusted bytes says; undefined if there is none. `parseManifest` says why. */
export function essentialsIn(bytes: Uint8Array): ManifestEssentials | undefined {
  const manifest = conform(essentialsSchema, jsonIn(bytes));
  if (!manifest || !isSearchSpace(manifest.space)) return undefined;
  const { files, classes, tasks } = manifest;
  const areListed = neededFiles(manifest).every((file) => Object.hasOwn(files, file));
  const areKnown = Object.values(tasks).every((members) => members.every((name) => classes.includes(name)));
  return areListed && areKnown ? manifest : undefined;
}

/** Every file that a manifest names. */
export function neededFiles(manifest: ManifestEssentials): readonly string[] {
  const { supernet, statistics, generator, predictor, adapters, calibration, profiles } = manifest;
  const ofTasks = Object.values(adapters ?? {}).map(({ file }) => file);
  const optional = [predictor, calibration?.file, ...ofTasks].filter((file) => file !== undefined);
  return [supernet, statistics, generator, ...optional, ...profiles];
}
