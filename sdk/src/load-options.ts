import type { BundleReader, BundleSource, LoadProgress } from './bundle/index.js';
import type { Host } from './host/index.js';
import { type DeviceProfile, profileIn } from './profile/index.js';
import { providers, type WasmUrl } from './runtime/index.js';

export interface LoadOptions {
  /**
   * Where subnets will run, for budgets and predictions of latency: the name of one of the bundle's profiles, the path
   * or URL of a profile file (it ends in .json), or a profile. 'auto' measures up to ten subnets on this very device
   * (about a second in Node, two to four in a browser) and adapts the nearest of the bundle's profiles; the
   * answer is kept for the next time. Without it, budgets can be of anything but latency.
   */
  readonly device?: 'auto' | (string & {}) | DeviceProfile;
  /**
   * Whether `specialize` also runs the chosen subnet a few times (some 20 ms), scales predictions by how slow the device
   * is today (by a factor of at most 2), and chooses again if the budget would not hold. Needs a `device`. Default: false.
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

const isAnything = () => true;
const isInteger = (least: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= least;
export const isAddress = (value: unknown): value is string | URL => typeof value === 'string' || value instanceof URL;

/** Whether each option can be meant, if it is given. */
const isMeant: Readonly<Record<keyof LoadOptions, (value: unknown) => boolean>> = {
  device: isAnything,
  threads: isInteger(1),
  provider: (value) => providers.includes(value as (typeof providers)[number]),
  correct: (value) => typeof value === 'boolean',
  wasmUrl: (value) => isAddress(value) || Object.keys(value ?? {}).every((key) => /^(wasm|webgpu)$/.test(key)),
  cache: isAnything,
  idleSubnets: isInteger(0),
  onProgress: isAnything,
  signal: isAnything,
};
export const optionNames = Object.keys(isMeant);

/** Whether Easel can be loaded like that; `refusedOptions` says why not. */
export function isLoadable(bundle: unknown, options: LoadOptions): boolean {
  return isSource(bundle) && wrongOption(options) === undefined && !(options.correct && options.device === undefined);
}

export function isSource(bundle: unknown): boolean {
  return isAddress(bundle) || typeof (bundle as Partial<BundleSource> | undefined)?.read === 'function';
}

/** The name of an option that is none, or whose value cannot be meant. */
export function wrongOption(options: LoadOptions): string | undefined {
  const wrong = Object.entries(options).find(
    ([name, value]) =>
      !optionNames.includes(name) || !(value === undefined || isMeant[name as keyof LoadOptions](value)),
  );
  return wrong?.[0];
}

/** @throws ProfileError if it is unknown, unreadable, malformed, or was measured for another search space */
export async function findProfile(
  device: string | DeviceProfile,
  reader: BundleReader,
  host: Pick<Host, 'readFile'>,
): Promise<DeviceProfile> {
  const isName = typeof device === 'string';
  if (isName && reader.devices.includes(device)) return reader.profile(device);
  const profile = isName ? undefined : profileIn(device, reader.manifest.space);
  return profile ?? (await import('./checked.js')).checkedProfile(device, reader, host);
}
