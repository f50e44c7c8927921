import { stat } from 'node:fs/promises';
import { join } from 'node:path';
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
  const profile = await uninterrupted(options.signal, () => profileThisMachine(space, options));
  assertQuiet(profile, allowNoise);
  await writeJson(out, profile);
  return profile;
}

/**
 * Writes profiles that were measured elsewhere: one to the file `out`, several into the directory `out` under their names.
 * @returns the files
 * @throws NoisyDeviceError before anything is written, FileError
 */
export async function writeProfiles(
  profiles: readonly DeviceProfile[],
  { out, several, allowNoise = false }: { out: string; several: boolean; allowNoise?: boolean },
): Promise<readonly string[]> {
  for (const profile of profiles) assertQuiet(profile, allowNoise);
  const intoFolder = several || (await isFolder(out));
  const files = profiles.map(({ name }) => (intoFolder ? join(out, `${name}.json`) : out));
  for (const [i, profile] of profiles.entries()) await writeJson(files[i] as string, profile);
  return files;
}

/** Where something is, what it is; where nothing is yet, what its name says. */
async function isFolder(path: string): Promise<boolean> {
  if (/[/\\]$/.test(path)) return true;
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

export async function uninterrupted<T>(signal: AbortSignal | undefined, measure: () => Promise<T>): Promise<T> {
  return measure().catch((error) => {
    throw signal?.aborted ? new InterruptedError('measuring') : error;
  });
}

/** @throws NoisyDeviceError that says what to do */
export function assertQuiet(profile: DeviceProfile, allowNoise: boolean): void {
  const refusal = allowNoise ? undefined : profileRefusal(profile);
  if (refusal !== undefined) throw new NoisyDeviceError(refusal, profile.measured.others);
}
