import type { DeviceProfile } from '@easel/sdk/profile';
import type { ProfileOptions, ProfileProgress } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';

/** What sessions of one profile run on. A page can start ONNX Runtime with one number of threads only. */
export interface Configuration {
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
}

/** What a page is to measure: the server's answer to `GET job`. */
export interface Job {
  readonly space: SearchSpace;
  /** Each in a page load of its own, in this order. */
  readonly configurations: readonly Configuration[];
  readonly options: Pick<ProfileOptions, 'classes' | 'subnets' | 'heldOut' | 'seconds' | 'seed' | 'passes'>;
  readonly runtimeVersion: string;
  /** Where the server knows the device better than a page can, because the browser runs beside it. */
  readonly device?: DeviceProfile['device'];
  /** See `nameFor`. Default: from what the page finds out. */
  readonly name?: string;
}

/** What a page reports: `POST report`. */
export type Report = { readonly configuration: Configuration } & (
  | { readonly kind: 'progress'; readonly progress: ProfileProgress }
  | { readonly kind: 'profile'; readonly profile: unknown }
  /** This browser cannot do it, with the reason: the next configuration follows. */
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
);

export function describeConfiguration({ provider, threads }: Configuration): string {
  return provider === 'wasm' ? `Wasm, threads: ${threads}` : 'WebGPU';
}

/** What a profile is called by a name that a person gave: of several, each tells what it runs on. */
export function nameFor(name: string, { provider, threads }: Configuration, several: boolean): string {
  if (!several) return name;
  return `${name}-${provider === 'wasm' ? `${threads}t` : provider}`;
}
