import type { BundleReader } from './bundle/index.js';
import { InvalidRequestError, listed, ProfileError } from './errors/index.js';
import type { Host } from './host/index.js';
import { isSource, type LoadOptions, optionNames, wrongOption } from './load-options.js';
import { type DeviceProfile, parseProfile } from './profile/index.js';
import { providers } from './runtime/index.js';

/** What those options must be that may be wrong. */
const expected: Readonly<Record<string, string>> = {
  threads: 'an integer of at least 1',
  provider: `one of ${listed(providers)}`,
  correct: 'true or false',
  wasmUrl: 'an address, or { wasm, webgpu }',
  idleSubnets: 'an integer of at least 0',
};

/** @throws InvalidRequestError for what JavaScript would otherwise only notice later, or not at all */
export function refusedOptions(bundle: unknown, options: LoadOptions): never {
  if (!isSource(bundle)) {
    throw new InvalidRequestError('bundle', bundle, 'the path of a directory, a URL, or a source of files');
  }
  const wrong = wrongOption(options);
  if (wrong === undefined) {
    const remedy = "load with { device: 'auto' } or a profile";
    throw new InvalidRequestError('correct', true, `false where there is no device profile to correct (${remedy})`);
  }
  if (!optionNames.includes(wrong)) {
    throw new InvalidRequestError('load option', wrong, `one of ${listed(optionNames)}`);
  }
  const value = options[wrong as keyof LoadOptions];
  const found = wrong === 'wasmUrl' ? Object.keys(value as object).join() : value;
  throw new InvalidRequestError(wrong, found, expected[wrong] as string);
}

/**
 * A profile that is none of the bundle's by name.
 * @throws ProfileError if it is unknown, unreadable, malformed, or was measured for another search space
 */
export async function checkedProfile(
  device: string | DeviceProfile,
  { devices, manifest }: BundleReader,
  host: Pick<Host, 'readFile'>,
): Promise<DeviceProfile> {
  if (typeof device !== 'string') return parseProfile(device, manifest.space);
  if (device.endsWith('.json')) return parseProfile(await readJson(device, host), manifest.space);
  const problem = `is not in this bundle, which has: ${listed(devices)}; or give the path of a .json file, or 'auto'`;
  throw new ProfileError(device, problem);
}

async function readJson(location: string, host: Pick<Host, 'readFile'>): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await host.readFile(location)));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ProfileError(location, code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`, { cause });
  }
}
