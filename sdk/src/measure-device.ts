import { host } from '#host';
import type { BundleReader } from './bundle/index.js';
import type { DeviceProfile } from './profile/index.js';
import { autoProfile, autoProfileWarnings } from './profiling/auto.js';
import type { Execution } from './runtime/index.js';
import type { Supernet } from './subnet/index.js';

/** A profile of the device at hand, adapted from the bundle's, and what is wrong with it. */
export async function measureDevice(
  reader: BundleReader,
  supernet: Supernet,
  execution: Execution,
  cache: boolean,
  signal: AbortSignal | undefined,
): Promise<{ profile: DeviceProfile; warnings: readonly string[] }> {
  const candidates = await Promise.all(reader.devices.map((device) => reader.profile(device)));
  const classes = reader.manifest.classes.length;
  const profile = await autoProfile({ host, execution, supernet, classes, candidates, cache, signal });
  return { profile, warnings: autoProfileWarnings(profile) };
}
