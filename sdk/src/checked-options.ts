import type { BundleReader, BundleSource } from './bundle/index.js';
import { InvalidRequestError, listed, ProfileError } from './errors/index.js';
import { isAddress, type LoadOptions, optionNames } from './load-options.js';
import { type DeviceProfile, parseProfile } from './profile/index.js';
import { providers } from './runtime/index.js';

/** @throws InvalidRequestError for what JavaScript would otherwise only notice later, or not at all */
export function assertLoadable(bundle: unknown, options: LoadOptions): void {
  if (!isAddress(bundle) && typeof (bundle as Partial<BundleSource> | undefined)?.read !== 'function') {
    throw new InvalidRequestError('bundle', bundle, 'the path of a directory, a URL, or a source of files');
  }
  const stranger = Object.keys(options).find((field) => !optionNames.includes(field));
  if (stranger !== undefined) throw new InvalidRequestError('load option', stranger, `one of ${listed(optionNames)}`);
  const { device, threads, provider, idleSubnets, correct, wasmUrl } = options;
  const builds = isAddress(wasmUrl) ? [] : Object.keys(wasmUrl ?? {});
  if (!builds.every((build) => build === 'wasm' || build === 'webgpu')) {
    throw new InvalidRequestError('wasmUrl', builds.join(), 'an address, or { wasm, webgpu }');
  }
  if (correct !== undefined && typeof correct !== 'boolean') {
    throw new InvalidRequestError('correct', correct, 'true or false');
  }
  if (correct && device === undefined) {
    const remedy = "load with { device: 'auto' } or a profile";
    throw new InvalidRequestError('correct', correct, `false where there is no device profile to correct (${remedy})`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new InvalidRequestError('threads', threads, 'an integer of at least 1');
  }
  if (idleSubnets !== undefined && !(Number.isInteger(idleSubnets) && idleSubnets >= 0)) {
    throw new InvalidRequestError('idleSubnets', idleSubnets, 'an integer of at least 0');
  }
  if (provider !== undefined && !providers.includes(provider)) {
    throw new InvalidRequestError('provider', provider, `one of ${listed(providers)}`);
  }
}

/** @throws ProfileError if it is unknown, malformed, or was measured for another search space */
export function checkedProfile(document: unknown, { devices, manifest }: BundleReader): DeviceProfile {
  if (typeof document !== 'string') return parseProfile(document, manifest.space);
  const names = listed(devices);
  const problem = `is not in this bundle, which has: ${names}; or give the path of a .json file, or 'auto'`;
  throw new ProfileError(document, problem);
}
