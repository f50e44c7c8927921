import type { Host } from '../host/index.js';
import { type DeviceProfile, mostNoise, noisyAbove, parseProfile, profileName } from '../profile/index.js';
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
 * the same device with the same runtime, threads and search space. What a busy machine spoilt is not kept, and what is
 * kept serves for a day.
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
      const profile = parseProfile(JSON.parse(remembered), space);
      if (isKept(profile)) return profile;
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
  if (cache && isKept(profile)) await host.writeNote(note, JSON.stringify(profile));
  return profile;
}

/** What is wrong with a profile that `autoProfile` measured, in sentences for a person. */
export function autoProfileWarnings({ measured: { noise } }: DeviceProfile): readonly string[] {
  if (noise <= noisyAbove) return [];
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  return [
    `device 'auto' measured on a busy machine: the latency of one and the same subnet varied by ${percent(noise)} ` +
      `(at most ${percent(noisyAbove)} is wanted), so predictions may be off; close other programs and load with { cache: false }`,
  ];
}

const mostAgeMs = 24 * 60 * 60 * 1000;

/** Whether the next load may use it: above the noise with which profiles are refused, it must not. */
function isKept({ measured: { date, noise } }: DeviceProfile): boolean {
  const ageMs = Date.now() - Date.parse(date);
  return noise <= mostNoise && ageMs >= 0 && ageMs < mostAgeMs;
}

/** FNV-1a of UTF-16 units, as eight hexadecimal digits: for names of notes, not for security. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
