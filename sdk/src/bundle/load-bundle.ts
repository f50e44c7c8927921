import type { DeviceProfile } from '../profile/index.js';
import type { Adapter } from '../subnet/index.js';
import { readAdapter } from './adapter.js';
import { type BundleParts, BundleReader, type LoadBundleOptions } from './load.js';
import { manifestFile } from './manifest.js';
import { type Manifest, parseManifest } from './parse-manifest.js';
import type { BundleSource } from './source.js';

/** A bundle in memory: checked against the manifest, and decoded. */
export interface Bundle extends BundleParts {
  readonly location: string;
  readonly manifest: Manifest;
  /** predictor.onnx; see `predictorInputs`. */
  readonly predictor: Uint8Array | undefined;
  /** By task. */
  readonly adapters: ReadonlyMap<string, Adapter>;
  /** By name. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
}

/**
 * Reads and checks a whole bundle.
 *
 * @throws BundleError that names the file which is missing, truncated, altered or malformed
 * @throws ProfileError if a profile is malformed or was measured for another search space
 */
export async function loadBundle(source: BundleSource, options: LoadBundleOptions = {}): Promise<Bundle> {
  const { signal } = options;
  signal?.throwIfAborted();
  const manifest = parseManifest(await source.read(manifestFile, { signal }));
  const reader = new BundleReader(source, manifest, options);
  const { devices } = reader;
  reader.expect(devices);
  const [parts, ...profiles] = await Promise.all([
    reader.supernet(),
    ...devices.map((device) => reader.profile(device)),
  ]);
  const listed = Object.entries(manifest.adapters ?? {}).map(([task, each]) => ({ task, ...each }));
  return {
    location: source.location,
    manifest,
    ...parts,
    predictor: await reader.predictor(),
    adapters: new Map(
      await Promise.all(listed.map(async (each) => [each.task, await readAdapter(reader, each)] as const)),
    ),
    profiles: new Map(profiles.map((each) => [each.name, each])),
  };
}
