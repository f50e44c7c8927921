import type { Host } from '../host/index.js';
import { type DeviceProfile, parseProfile, profileName } from '../profile/index.js';
import type { Execution } from '../runtime/index.js';
import { spaceFingerprint } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { adaptProfile } from './few-shot.js';
import { runtimeMeter } from './meter.js';

export interface AutoProfileOptions {
  readonly host: Pick<Host, 'runtime' | 'describe' | 'readNote' | 'writeNote'>;
  readonly execution: Execution;
  readonly supernet: Supernet;
  /** That the bundle tells apart. */
  readonly classes: number;
  /** Profiles of known devices. */
  readonly candidates: readonly DeviceProfile[];
  /** Whether to look for, and to leave, a profile of an earlier run. */
  readonly cache: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A profile of the device at hand, from at most ten measured subnets (about a second in Node), or from an earlier run on
 * the same device with the same runtime, threads and search space.
 */
export async function autoProfile(options: AutoProfileOptions): Promise<DeviceProfile> {
  const { host, execution, supernet, classes, candidates, cache, signal } = options;
  const { space } = supernet;
  const { device, runtime } = await host.describe(execution);
  const known = candidates.map(({ name, measured }) => `${name} ${measured.date}`);
  const note = `profile-${hash(JSON.stringify([device, runtime, spaceFingerprint(space), classes, known]))}`;
  const remembered = cache ? await host.readNote(note) : undefined;
  if (remembered !== undefined) {
    try {
      return parseProfile(JSON.parse(remembered), space);
    } catch {
      // Damaged, or of an earlier form: measured again.
    }
  }
  const { provider, threads } = execution;
  const profile = await adaptProfile(
    space,
    {
      name: `${profileName(device, runtime, space.name)}.auto`,
      device,
      runtime,
      supernet,
      classes,
      candidates,
      meter: runtimeMeter(host.runtime, { provider, threads }),
    },
    signal ? { signal } : {},
  );
  if (cache) await host.writeNote(note, JSON.stringify(profile));
  return profile;
}

/** FNV-1a of UTF-16 units, as eight hexadecimal digits: for names of notes, not for security. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
