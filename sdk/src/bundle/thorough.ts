import { BundleError } from '../errors/index.js';
import { type DeviceProfile, parseProfile } from '../profile/index.js';
import type { SearchSpace } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { parseJsonFile } from './json-file.js';
import type { ManifestEssentials } from './manifest.js';
import type { Ports } from './quick-read.js';
import type { ListedFile } from './source.js';
import { decodeStatistics } from './statistics.js';
import { decodeBundleModel, decodeWeights } from './weights.js';

export { parseManifest } from './parse-manifest.js';

/** @throws BundleError that names the file, ProfileError */
export function parseProfileFile(file: string, bytes: Uint8Array, device: string, space: SearchSpace): DeviceProfile {
  const profile = parseProfile(parseJsonFile(file, bytes), space);
  if (profile.name !== device) {
    throw new BundleError(file, `holds the profile "${profile.name}"; a profile's file must bear its name`);
  }
  return profile;
}

/** @throws BundleError that names the file and what is wrong with it */
export function decodeSupernet(
  manifest: ManifestEssentials,
  supernetBytes: Uint8Array,
  statisticsBytes: Uint8Array,
): Supernet {
  const { space, classes, supernet, statistics } = manifest;
  return {
    space,
    weights: decodeWeights(supernet, supernetBytes, space, classes.length),
    statistics: decodeStatistics(statistics, statisticsBytes, space),
  };
}

/** @throws BundleError if the model's inputs and outputs are others, or not [batch, width] each */
export function checkPorts(file: string, bytes: Uint8Array, expected: Ports): void {
  const { graph } = decodeBundleModel(file, bytes);
  for (const kind of ['inputs', 'outputs'] as const) {
    const found = graph[kind].map(({ name }) => name);
    const wanted = expected[kind].map(([name]) => name);
    if (found.join() !== wanted.join()) {
      const has = found.join(', ') || 'none';
      throw new BundleError(file, `must have the ${kind.slice(0, -1)} "${wanted.join('", "')}" alone, has: ${has}`);
    }
    for (const [i, [name, width]] of expected[kind].entries()) {
      const { shape } = graph[kind][i] as (typeof graph)[typeof kind][number];
      if (shape.length === 2 && shape[1] === width && typeof shape[0] !== 'number') continue;
      const found = `${kind.slice(0, -1)} "${name}" is [${shape.join(', ')}]`;
      throw new BundleError(file, `${found}, expected ["batch", ${width}] for this search space and its classes`);
    }
  }
}

/**
 * How a file is not what the manifest lists.
 * @param found its SHA-256, where it can be computed
 */
export function alteration(file: string, { length }: Uint8Array, listed: ListedFile, found?: string): BundleError {
  if (length < listed.bytes) {
    return new BundleError(file, `is truncated: ${length} bytes of ${listed.bytes}; copy the bundle again`);
  }
  if (length > listed.bytes) {
    return new BundleError(file, `has ${length} bytes where the manifest lists ${listed.bytes}; it was altered`);
  }
  if (found === undefined) {
    const where = 'browsers offer SHA-256 only to pages from https or localhost; serve this page that way';
    return new BundleError(file, `cannot be verified: ${where}`);
  }
  return new BundleError(file, `was altered: its SHA-256 is ${found}, the manifest lists ${listed.sha256}`);
}
