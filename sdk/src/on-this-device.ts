import { host } from '#host';
import type { BundleReader } from './bundle/index.js';
import type { DeviceProfile } from './profile/index.js';
import type { Execution } from './runtime/index.js';
import type { Supernet } from './subnet/index.js';

/** A profile of the device at hand, adapted from the bundle's, and what is wrong with it. Only who asks for it loads the code that measures. */
export async function measureDevice(
  reader: BundleReader,
  supernet: Supernet,
  execution: Execution,
  cache: boolean,
  signal: AbortSignal | undefined,
): Promise<{ profile: DeviceProfile; warnings: readonly string[] }> {
  const [{ autoProfile, autoProfileWarnings }, ...candidates] = await Promise.all([
    import('./profiling/auto.js'),
    ...reader.devices.map((device) => reader.profile(device)),
  ]);
  const classes = reader.manifest.classes.length;
  const profile = await autoProfile({ host, execution, supernet, classes, candidates, cache, signal });
  return { profile, warnings: autoProfileWarnings(profile) };
}

/**
 * How the runtime at hand differs from the one that a profile was measured with, in sentences for a person: its latencies
 * may then not hold.
 */
export async function profileMismatches(profile: DeviceProfile, execution: Execution): Promise<readonly string[]> {
  const { name: engine, version } = host.runtime;
  const here = { engine, version: await version(), ...execution };
  const { runtime: then } = profile;
  return (['engine', 'version', 'provider', 'threads'] as const)
    .filter((fact) => then[fact] !== here[fact])
    .map((fact) => `profile ${profile.name} was measured with ${fact} ${then[fact]}; here it is ${here[fact]}`);
}
