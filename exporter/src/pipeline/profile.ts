import { type DeviceProfile, profileRefusal } from '@easel/sdk/profile';
import type { SearchSpace } from '@easel/sdk/space';
import { InterruptedError, NoisyDeviceError } from '../errors/index.js';
import { profileThisMachine, type ThisMachineOptions } from '../profiling/index.js';
import { writeJson } from './files.js';

export interface ProfileRequest extends ThisMachineOptions {
  readonly out: string;
  /** Write the profile however noisy the device was. */
  readonly allowNoise?: boolean;
}

/**
 * Measures this machine for a search space and writes the profile, whole or not at all.
 * @throws NoisyDeviceError that says what to do, InterruptedError, FileError
 */
export async function profileThisDevice(
  space: SearchSpace,
  { out, allowNoise = false, ...options }: ProfileRequest,
): Promise<DeviceProfile> {
  const profile = await profileThisMachine(space, options).catch((error) => {
    throw options.signal?.aborted ? new InterruptedError('measuring') : error;
  });
  const refusal = allowNoise ? undefined : profileRefusal(profile);
  if (refusal !== undefined) throw new NoisyDeviceError(refusal, profile.measured.others);
  await writeJson(out, profile);
  return profile;
}
