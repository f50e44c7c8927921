import type { BundleReader, BundleSource, LoadProgress } from './bundle/index.js';
import { InvalidRequestError, listed, ProfileError } from './errors/index.js';
import type { Host } from './host/index.js';
import { type DeviceProfile, parseProfile } from './profile/index.js';
import { providers, type WasmUrl } from './runtime/index.js';

export interface LoadOptions {
  /**
   * Where subnets will run, for budgets and predictions of latency: the name of one of the bundle's profiles, the path
   * or URL of a profile file (it ends in .json), or a profile. 'auto' measures up to ten subnets on this very device
   * (about a second in Node) and adapts the nearest of the bundle's profiles; the answer is kept for the next time.
   * Without it, budgets can be of anything but latency.
   */
  readonly device?: 'auto' | (string & {}) | DeviceProfile;
  /**
   * Whether `specialize` also runs the chosen subnet a few times (some 20 ms), scales predictions by how slow the device
   * is today (by a factor of at most 2), and chooses again if the budget would not hold. Default: false.
   */
  readonly correct?: boolean;
  /** Threads that one inference may use. Default: as many as the profile was measured with, or 1. */
  readonly threads?: number;
  /** What runs the arithmetic. Default: auto; in browsers WebGPU where there is one, otherwise Wasm. */
  readonly provider?: (typeof providers)[number];
  /**
   * Browsers: where onnxruntime-web's .wasm files are, if not where its package has them. One address is that of
   * ort-wasm-simd-threaded.wasm; WebGPU has another file, whose address only `{ wasm, webgpu }` gives.
   */
  readonly wasmUrl?: WasmUrl;
  /**
   * Keep what `device: 'auto'` found out, and in browsers the bundle's files too, so that the next time needs neither
   * measuring nor network. Default: true.
   */
  readonly cache?: boolean;
  /** How many subnets that no classifier uses stay open, so that going back to one takes no time. Default: 3. */
  readonly idleSubnets?: number;
  /** As bytes arrive, and after every file that was verified. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Ends loading with the signal's reason. */
  readonly signal?: AbortSignal;
}

const known = ['device', 'threads', 'provider', 'correct', 'wasmUrl', 'cache', 'idleSubnets', 'onProgress', 'signal'];

/** @throws InvalidRequestError for what JavaScript would otherwise only notice later, or not at all */
export function assertLoadable(bundle: unknown, options: LoadOptions): void {
  const isPlace = typeof bundle === 'string' || bundle instanceof URL;
  if (!isPlace && typeof (bundle as Partial<BundleSource> | undefined)?.read !== 'function') {
    throw new InvalidRequestError('bundle', bundle, 'the path of a directory, a URL, or a source of files');
  }
  const stranger = Object.keys(options).find((field) => !known.includes(field));
  if (stranger !== undefined) throw new InvalidRequestError('load option', stranger, `one of ${listed(known)}`);
  const { threads, provider, idleSubnets, correct, wasmUrl } = options;
  const builds = typeof wasmUrl === 'string' || wasmUrl instanceof URL ? [] : Object.keys(wasmUrl ?? {});
  if (!builds.every((build) => build === 'wasm' || build === 'webgpu')) {
    throw new InvalidRequestError('wasmUrl', builds.join(), 'an address, or { wasm, webgpu }');
  }
  if (correct !== undefined && typeof correct !== 'boolean') {
    throw new InvalidRequestError('correct', correct, 'true or false');
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
export async function findProfile(
  device: string | DeviceProfile,
  reader: BundleReader,
  host: Pick<Host, 'readProfile'>,
): Promise<DeviceProfile> {
  const { space } = reader.manifest;
  if (typeof device !== 'string') return parseProfile(device, space);
  if (reader.devices.includes(device)) return reader.profile(device);
  if (device.endsWith('.json')) return parseProfile(await host.readProfile(device), space);
  const names = listed(reader.devices);
  throw new ProfileError(
    device,
    `is not in this bundle, which has: ${names}; or give the path of a .json file, or 'auto'`,
  );
}
