import * as v from 'valibot';
import { BundleError, listed } from '../errors/index.js';
import { searchSpaceSchema } from '../space/index.js';

export const manifestFile = 'manifest.json';
export const manifestVersion = 1;

/** What a path in a bundle must look like: relative, forward slashes, no `.`, `..` or empty part, no drive or scheme. */
const safePath = /^(?!\.{0,2}(\/|$))(?!.*\/(\.{0,2})(\/|$))[A-Za-z0-9._/-]+$/;

const path = v.pipe(
  v.string(),
  v.regex(safePath, 'must be a path inside the bundle: letters, digits, dots, dashes, slashes'),
);
const text = v.pipe(v.string(), v.minLength(1));
const finite = v.pipe(v.number(), v.finite());
const above0 = v.pipe(finite, v.gtValue(0));
const distinct = v.check<string[], string>((values) => new Set(values).size === values.length, 'must not repeat');

export const preprocessingSchema = v.object({
  /** Per RGB channel, in units of 0..255: the network takes (byte - mean) / std. */
  mean: v.tuple([finite, finite, finite]),
  std: v.tuple([above0, above0, above0]),
  /** The largest square in the middle, scaled: down by averaging areas, up by bilinear interpolation. */
  resize: v.literal('cover'),
});

/** Fields that this version does not know are ignored, so that later ones may add some. */
export const manifestSchema = v.object({
  schemaVersion: v.literal(manifestVersion),
  name: text,
  created: v.pipe(v.string(), v.isoTimestamp()),
  space: searchSpaceSchema,
  /** The supernet's classes, in the order of its logits. */
  classes: v.pipe(v.array(text), v.minLength(2), distinct),
  tasks: v.record(text, v.pipe(v.array(text), v.minLength(1), distinct)),
  preprocessing: preprocessingSchema,
  /** Every file but the manifest. */
  files: v.record(
    path,
    v.object({
      bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')),
    }),
  ),
  supernet: path,
  statistics: path,
  generator: path,
  profiles: v.array(path),
  /** Figures measured when the bundle was made; nothing depends on them. */
  accuracy: v.optional(v.record(v.string(), v.unknown())),
  provenance: v.object({
    command: text,
    seed: v.pipe(v.number(), v.integer()),
    commit: v.optional(text),
    date: v.pipe(v.string(), v.isoTimestamp()),
  }),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type Preprocessing = v.InferOutput<typeof preprocessingSchema>;

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
  const result = v.safeParse(manifestSchema, document);
  if (!result.success) {
    const [issue] = result.issues;
    fail(`${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
  }
  const manifest = result.output as Manifest;
  const { files, classes } = manifest;
  for (const file of [manifest.supernet, manifest.statistics, manifest.generator, ...manifest.profiles]) {
    if (!Object.hasOwn(files, file)) fail(`"${file}" is not among its files: ${listed(Object.keys(files))}`);
  }
  for (const [task, members] of Object.entries(manifest.tasks)) {
    const stranger = members.find((name) => !classes.includes(name));
    if (stranger !== undefined) fail(`tasks.${task}: unknown class "${stranger}"; classes are ${listed(classes, 24)}`);
  }
  return manifest;
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
