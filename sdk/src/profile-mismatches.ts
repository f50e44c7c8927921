import { host } from '#host';
import type { DeviceProfile } from './profile/index.js';
import type { Execution } from './runtime/index.js';

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
