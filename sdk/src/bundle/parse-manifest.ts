import { BundleError, listed } from '../errors/index.js';
import { type Infer, object, parse, SchemaProblem, text, time } from '../schema/index.js';
import { assertSearchSpace } from '../space/index.js';
import { parseJsonFile } from './json-file.js';
import { essentialFields, manifestFile, manifestVersion, neededFiles, optionalEssentials } from './manifest.js';

/** Fields that this version does not know are ignored, so that later ones may add some. */
const manifestSchema = object(
  {
    ...essentialFields,
    created: time,
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
        /** How the adapters were made; absent from bundles without any. */
        adapters: object(
          { command: text, commit: text, date: time, options: { type: 'object', additionalProperties: {} } },
          ['commit'],
        ),
      },
      ['commit', 'training', 'adapters'],
    ),
  },
  ['accuracy', ...optionalEssentials],
);

export type Manifest = Infer<typeof manifestSchema>;

/**
 * Checks an untrusted manifest.
 * @throws BundleError (of manifest.json) that names the field
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const document = parseJsonFile(manifestFile, bytes);
  const version = (document as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== manifestVersion) {
    const found = version === undefined ? 'no schemaVersion' : `schemaVersion ${JSON.stringify(version)}`;
    fail(`${found}; this SDK reads ${manifestVersion}: export the bundle again, or use a matching @easel/sdk`);
  }
  const manifest = checked(document);
  const { files, classes } = manifest;
  for (const file of neededFiles(manifest)) {
    if (!Object.hasOwn(files, file)) fail(`"${file}" is not among its files: ${listed(Object.keys(files))}`);
  }
  for (const [task, members] of Object.entries(manifest.tasks)) {
    const stranger = members.find((name) => !classes.includes(name));
    if (stranger !== undefined) fail(`tasks.${task}: unknown class "${stranger}"; classes are ${listed(classes, 24)}`);
  }
  const tasks = Object.keys(manifest.tasks);
  const unknown = Object.keys(manifest.adapters ?? {}).find((task) => !tasks.includes(task));
  if (unknown !== undefined) fail(`adapters.${unknown}: no such task; tasks are ${listed(tasks, 24)}`);
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

function fail(problem: string): never {
  throw new BundleError(manifestFile, problem);
}
