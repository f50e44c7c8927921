import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import {
  type CheckOptions,
  checkProfile,
  type MeasuredDevice,
  type ProfileCheck,
  randomSupernet,
} from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { DeviceError, InterruptedError } from '../errors/index.js';
import { type ChromiumDevice, openChromiumDevice, priorityWarning, thisMachine } from '../profiling/index.js';
import { readJson } from './files.js';

export interface CheckedProfile extends ProfileCheck {
  readonly profile: DeviceProfile;
  /** How this machine differs from the one that was measured. */
  readonly differences: readonly string[];
}

export interface CheckFileOptions extends Omit<CheckOptions, 'supernet'> {
  /** What speaks against measuring now, in sentences for a person. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Measures a few subnets on this machine, in Node or in its Chromium as the profile was, and says whether it still holds.
 * @param spaceOf the search space of that name, which is the one that the profile names
 * @throws FileError, ProfileError, InterruptedError
 * @throws DeviceError if the profile is of something that this machine cannot stand in for
 */
export async function checkProfileFile(
  file: string,
  spaceOf: (name: string) => Promise<SearchSpace>,
  options: CheckFileOptions = {},
): Promise<CheckedProfile> {
  const profile = parseProfile(await readJson(file));
  const space = await spaceOf(profile.space.name);
  parseProfile(profile, space);
  const { engine, provider, threads } = profile.runtime;
  if (!['onnxruntime-node cpu', 'onnxruntime-web wasm'].includes(`${engine} ${provider}`)) {
    throw new DeviceError(
      `${file} was measured with ${engine}, ${provider}; only profiles of onnxruntime-node, cpu and of onnxruntime-web, ` +
        'wasm (in Chromium) can be checked here',
    );
  }
  const warning = priorityWarning(threads);
  if (warning !== undefined) options.onWarning?.(warning);
  const here: MeasuredDevice & Partial<ChromiumDevice> =
    engine === 'onnxruntime-web' ? await openChromiumDevice(space, threads) : thisMachine(space.name, threads);
  try {
    const supernet = randomSupernet(space, profile.space.classes);
    const check = await checkProfile(space, profile, here.meter, { ...options, supernet });
    return { ...check, profile, differences: differencesOf(profile, here) };
  } catch (error) {
    throw options.signal?.aborted ? new InterruptedError('checking') : error;
  } finally {
    await here.close?.();
  }
}

/** In sentences for a person. A profile may hold all the same. */
export function differencesOf(
  { device, runtime }: Pick<DeviceProfile, 'device' | 'runtime'>,
  { device: now, runtime: here }: Pick<DeviceProfile, 'device' | 'runtime'>,
): readonly string[] {
  const pairs: readonly (readonly [what: string, then: unknown, now: unknown])[] = [
    ['CPU', device.cpu, now.cpu],
    ['vector instructions', device.simd, now.simd],
    ['cores', device.cores, now.cores],
    [runtime.engine, runtime.version, here.version],
    ['browser', runtime.browser, here.browser],
  ];
  return pairs
    .filter(([, before, after]) => before !== undefined && before !== after)
    .map(([what, before, after]) => `${what}: measured with ${before}, here is ${after}`);
}
