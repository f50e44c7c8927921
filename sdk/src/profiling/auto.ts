import type { Host } from '../host/index.js';
import { type DeviceProfile, mostNoise, noisyAbove, parseProfile, percent, profileName } from '../profile/index.js';
import type { Execution } from '../runtime/index.js';
import { fingerprint, type SearchSpace, spaceFingerprint } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import type { Steadiness } from './estimate.js';
import { studyFewShot } from './few-shot.js';
import type { LatencyMeter } from './meter.js';

export interface AutoProfileOptions {
  readonly host: Pick<Host, 'describe' | 'readNote' | 'writeNote' | 'threadsApart'>;
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
  const apart = threads > 1 ? await host.threadsApart?.() : undefined;
  const stopping = signal ? { signal } : {};

  const known = candidates.map(({ name, measured }) => `${name} ${measured.date}`);
  const note = `profile-${fingerprint(JSON.stringify([device, runtime, spaceFingerprint(space), classes, known]))}`;
  const remembered = cache ? remember(await host.readNote(note), space) : undefined;
  const moved: string[] = [];
  if (remembered) {
    if (!apart) return remembered;
    const { profile } = remembered;
    const level = await apart.levelNow(space, profile, meter, { supernet, ...stopping });
    if (Math.abs(Math.log(level)) <= Math.log(sameSpeed)) return remembered;
    moved.push(apart.movedWarning(profile, level));
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
      oneThread: apart && meterWith(1),
    },
    { ...stopping, ...(now ? { now } : {}) },
  );
  const { profile, steadiness, ofOneThread } = study;
  const busy = busyWarning(steadiness);
  const warnings =
    apart && ofOneThread
      ? [...(apart.areUnsteady(steadiness, ofOneThread) ? [] : busy), ...apart.threadWarnings(study, ofOneThread)]
      : busy;
  const measured = { profile, warnings };
  if (cache && isKept(profile)) await host.writeNote(note, JSON.stringify(measured));
  return { profile, warnings: [...moved, ...measured.warnings] };
}

const mostAgeMs = 24 * 60 * 60 * 1000;
/** By what factor the speed of a device may have changed for its profile to be used again. */
const sameSpeed = 1.1;

/** Why the predictions of a profile that was adapted to this device may be off, in sentences for a person. */
function busyWarning({ noise }: Steadiness): readonly string[] {
  if (noise <= noisyAbove) return [];
  return [
    `device 'auto' measured on a busy machine: the latency of one and the same subnet varied by ${percent(noise)} ` +
      `(at most ${percent(noisyAbove)} is wanted), so predictions may be off; close other programs and load with { cache: false }`,
  ];
}

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
