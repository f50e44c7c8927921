import type { DeviceProfile } from '@easel/sdk/profile';
import type { SearchSpace } from '@easel/sdk/space';
import { InterruptedError } from '../errors/index.js';
import { type ProfileOptions, profileDevice } from '../profiling/index.js';
import { writeJson } from './files.js';

/**
 * Measures this machine for a search space and writes the profile, whole or not at all.
 * @throws InterruptedError, FileError
 */
export async function profileThisDevice(
  space: SearchSpace,
  { out, ...options }: ProfileOptions & { readonly out: string },
): Promise<DeviceProfile> {
  const profile = await profileDevice(space, options).catch((error) => {
    throw options.signal?.aborted ? new InterruptedError('measuring') : error;
  });
  await writeJson(out, profile);
  return profile;
}
