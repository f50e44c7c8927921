import type { Host } from '../host/index.js';
import { type DeviceProfile, mostNoise, parseProfile, profileName } from '../profile/index.js';
import type { Execution } from '../runtime/index.js';
import { type SearchSpace, spaceFingerprint } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { checkProfile } from './check.js';
import { briefVisit, studyFewShot } from './few-shot.js';
import type { LatencyMeter } from './meter.js';
import { movedWarning, unsteadyWarnings } from './unsteady.js';

export interface AutoProfileOptions {
  readonly host: Pick<Host, 'describe' | 'readNote' | 'writeNote'>;
  readonly execution: Execution;
  /** Times subnets on this device with so many threads. */
  readonly meterWith: (threads: number) => LatencyMeter;
  readonly supernet: Supernet;
  /** That the bundle tells apart. */
  readonly classes: number;
  /** Profiles of known devices. */
  readonly candidates: readonly DeviceProfile[];
  /** Whether to look for, and to leave, a profile of an earlier run. */
  readonly cache: boolean;
  readonly signal?: AbortSignal | undefined;
  /** In ms. Default: the clock. */
  readonly now?: () => number;
}

export interface AutoProfile {
  readonly profile: DeviceProfile;
  /** Why its predictions may be off, in sentences for a person. */
  readonly warnings: readonly string[];
}

/**
 * A profile of the device at hand, from at most ten measured subnets (about a second in Node), or from an earlier run on
 * the same device with the same runtime, threads and search space. What a busy machine spoilt is not kept, and what is
 * kept serves for a day; with several threads in Node, only as long as the device keeps that speed, for which three
 * subnets are run at every load.
 */
export async function autoProfile(options: AutoProfileOptions): Promise<AutoProfile> {
  const { host, execution, meterWith, supernet, classes, candidates, cache, signal, now } = options;
  const { space } = supernet;
  const { threads } = execution;
  const { device, runtime } = await host.describe(execution);
  const meter = meterWith(threads);
  // A page can start ONNX Runtime with one number of threads only.
  const canRunOneThread = threads > 1 && runtime.browser === undefined;
  const stopping = signal ? { signal } : {};

  const known = candidates.map(({ name, measured }) => `${name} ${measured.date}`);
  const note = `profile-${hash(JSON.stringify([device, runtime, spaceFingerprint(space), classes, known]))}`;
  const remembered = cache ? remember(await host.readNote(note), space) : undefined;
  const moved: string[] = [];
  if (remembered) {
    const { profile } = remembered;
    const check = { ...briefCheck, supernet, ...stopping };
    const level = canRunOneThread ? (await checkProfile(space, profile, meter, check)).level : 1;
    if (Math.abs(Math.log(level)) <= Math.log(sameSpeed)) return remembered;
    moved.push(movedWarning(profile, level));
  }
  const study = await studyFewShot(
    space,
    {
      name: `${profileName(device, runtime, space.name)}.auto`,
      device,
      runtime,
      supernet,
      classes,
      candidates,
      meter,
      oneThread: canRunOneThread ? meterWith(1) : undefined,
    },
    { ...stopping, ...(now ? { now } : {}) },
  );
  const { profile } = study;
  const measured = { profile, warnings: unsteadyWarnings(study) };
  if (cache && isKept(profile)) await host.writeNote(note, JSON.stringify(measured));
  return { profile, warnings: [...moved, ...measured.warnings] };
}

const mostAgeMs = 24 * 60 * 60 * 1000;
/** Three visits to three subnets: a fifth of a second. */
const briefCheck = { subnets: 3, passes: 3, visit: briefVisit };
/** By what factor the speed of a device may have changed for its profile to be used again. */
const sameSpeed = 1.1;

/** Whether the next load may use it: above the noise with which profiles are refused, it must not. */
function isKept({ measured: { date, noise } }: DeviceProfile): boolean {
  const ageMs = Date.now() - Date.parse(date);
  return noise <= mostNoise && ageMs >= 0 && ageMs < mostAgeMs;
}

/** What an earlier run wrote; undefined if that is too old, damaged or of an earlier form. */
function remember(text: string | undefined, space: SearchSpace): AutoProfile | undefined {
  try {
    const note = JSON.parse(text ?? '') as { readonly profile: unknown; readonly warnings: readonly unknown[] };
    const profile = parseProfile(note.profile, space);
    return isKept(profile) ? { profile, warnings: note.warnings.map(String) } : undefined;
  } catch {
    return undefined;
  }
}

/** FNV-1a of UTF-16 units, as eight hexadecimal digits: for names of notes, not for security. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
