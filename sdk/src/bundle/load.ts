import { BundleError } from '../errors/index.js';
import { featureCount } from '../generator/index.js';
import { type DeviceProfile, parseProfile } from '../profile/index.js';
import { optionCount, type SearchSpace } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { type Manifest, manifestFile, parseManifest } from './manifest.js';
import type { BundleSource } from './source.js';
import { decodeStatistics } from './statistics.js';
import { verifyFile } from './verify.js';
import { decodeBundleModel, decodeWeights } from './weights.js';

/** A bundle in memory: every file read, checked against the manifest, and decoded. */
export interface Bundle {
  readonly location: string;
  readonly manifest: Manifest;
  readonly supernet: Supernet;
  /** generator.onnx: `request` [batch, featureCount] to `utilities` [batch, optionCount]. */
  readonly generator: Uint8Array;
  /** By name. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
}

/** Names of the generator's input and output. */
export const generatorInput = 'request';
export const generatorOutput = 'utilities';

/** After every file that was read and verified. */
export interface LoadProgress {
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/**
 * Reads and checks a whole bundle.
 *
 * @throws BundleError that names the file which is missing, truncated, altered or malformed
 * @throws ProfileError if a profile is malformed or was measured for another search space
 */
export async function loadBundle(source: BundleSource, onProgress?: (progress: LoadProgress) => void): Promise<Bundle> {
  const manifest = parseManifest(await source.read(manifestFile));
  const { space, classes, files } = manifest;
  const totalBytes = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  const contents = new Map<string, Uint8Array>();
  let loadedBytes = 0;
  for (const [file, listed] of Object.entries(files)) {
    const bytes = await source.read(file);
    await verifyFile(file, bytes, listed);
    contents.set(file, bytes);
    loadedBytes += bytes.length;
    onProgress?.({ file, loadedBytes, totalBytes });
  }
  const content = (file: string) => contents.get(file) as Uint8Array;
  const generator = content(manifest.generator);
  checkGenerator(manifest.generator, generator, space, classes.length);
  return {
    location: source.location,
    manifest,
    supernet: {
      space,
      weights: decodeWeights(manifest.supernet, content(manifest.supernet), space, classes.length),
      statistics: decodeStatistics(manifest.statistics, content(manifest.statistics), space),
    },
    generator,
    profiles: profilesByName(manifest, content),
  };
}

function profilesByName(manifest: Manifest, content: (file: string) => Uint8Array): Map<string, DeviceProfile> {
  const profiles = new Map<string, DeviceProfile>();
  for (const file of manifest.profiles) {
    const profile = parseProfile(parseJson(file, content(file)), manifest.space);
    if (profiles.has(profile.name)) throw new BundleError(file, `a second profile named "${profile.name}"`);
    profiles.set(profile.name, profile);
  }
  return profiles;
}

function parseJson(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new BundleError(file, `is not JSON (${(cause as Error).message})`, { cause });
  }
}

function checkGenerator(file: string, bytes: Uint8Array, space: SearchSpace, classCount: number): void {
  const { inputs, outputs } = decodeBundleModel(file, bytes).graph;
  const expected = [
    { kind: 'input', values: inputs, name: generatorInput, width: featureCount(space, classCount) },
    { kind: 'output', values: outputs, name: generatorOutput, width: optionCount(space) },
  ];
  for (const { kind, values, name, width } of expected) {
    const [value, ...others] = values;
    if (value?.name !== name || others.length > 0) {
      const found = values.map((each) => each.name).join(', ') || 'none';
      throw new BundleError(file, `must have the ${kind} "${name}" alone, has: ${found}`);
    }
    const { shape } = value;
    if (shape.length !== 2 || shape[1] !== width || typeof shape[0] === 'number') {
      const wanted = `["batch", ${width}] for space ${space.name} with ${classCount} classes`;
      throw new BundleError(file, `${kind} "${name}" is [${shape.join(', ')}], expected ${wanted}`);
    }
  }
}
