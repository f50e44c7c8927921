import { deviceFacts, nodeRuntime } from '@easel/sdk/node';
import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import { type CheckOptions, checkProfile, type ProfileCheck, runtimeMeter } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { DeviceError, InterruptedError } from '../errors/index.js';
import { priorityWarning, runtimeFacts } from '../profiling/index.js';
import { readJson } from './files.js';

export interface CheckedProfile extends ProfileCheck {
  readonly profile: DeviceProfile;
  /** How this machine differs from the one that was measured. */
  readonly differences: readonly string[];
}

export interface CheckFileOptions extends CheckOptions {
  /** What speaks against measuring now, in sentences for a person. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Measures a few subnets on this machine and says whether a profile still holds.
 * @throws FileError, ProfileError, InterruptedError
 * @throws DeviceError if the profile is of a browser, which Node cannot stand in for
 */
export async function checkProfileFile(
  file: string,
  spaceOf: (name: string) => Promise<SearchSpace>,
  options: CheckFileOptions = {},
): Promise<CheckedProfile> {
  const profile = parseProfile(await readJson(file));
  const space = await spaceOf(profile.space.name);
  parseProfile(profile, space);
  const { engine, threads } = profile.runtime;
  const here = runtimeFacts(threads);
  if (engine !== here.engine) {
    throw new DeviceError(`${file} was measured with ${engine}; only profiles of ${here.engine} can be checked here`);
  }
  const warning = priorityWarning(threads);
  if (warning !== undefined) options.onWarning?.(warning);
  const check = await checkProfile(space, profile, runtimeMeter(nodeRuntime, { threads }), options).catch((error) => {
    throw options.signal?.aborted ? new InterruptedError('checking') : error;
  });
  return { ...check, profile, differences: differencesOf(profile, here) };
}

/** In sentences for a person. A profile may hold all the same. */
export function differencesOf(
  { device, runtime }: Pick<DeviceProfile, 'device' | 'runtime'>,
  here: DeviceProfile['runtime'],
): readonly string[] {
  const now = deviceFacts();
  const pairs: readonly (readonly [what: string, then: unknown, now: unknown])[] = [
    ['CPU', device.cpu, now.cpu],
    ['vector instructions', device.simd, now.simd],
    ['cores', device.cores, now.cores],
    ['onnxruntime', runtime.version, here.version],
  ];
  return pairs
    .filter(([, before, after]) => before !== undefined && before !== after)
    .map(([what, before, after]) => `${what}: measured with ${before}, here is ${after}`);
}
