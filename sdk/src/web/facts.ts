import type { DeviceProfile } from '../profile/index.js';
import type { Execution } from '../runtime/index.js';
import { webRuntime } from '../runtime/web.js';

interface UserAgentData {
  readonly platform: string;
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  getHighEntropyValues(hints: readonly string[]): Promise<{
    readonly architecture?: string;
    readonly bitness?: string;
    readonly model?: string;
    readonly platformVersion?: string;
  }>;
}

const userAgentData = () => (navigator as { userAgentData?: UserAgentData }).userAgentData;

/** As much as a browser tells; only Chromium-based ones tell a phone's model. */
export async function deviceFacts(): Promise<DeviceProfile['device']> {
  const hints = ['architecture', 'bitness', 'model', 'platformVersion'];
  const known =
    (await userAgentData()
      ?.getHighEntropyValues(hints)
      .catch(() => undefined)) ?? {};
  const platform = userAgentData()?.platform ?? /\(([^;)]+)/.exec(navigator.userAgent)?.[1] ?? 'unknown system';
  const memory = (navigator as { deviceMemory?: number }).deviceMemory;
  return {
    cpu: known.model || `unknown CPU (${platform})`,
    architecture: `${known.architecture || 'unknown'}${known.bitness ?? ''}`,
    cores: navigator.hardwareConcurrency || 1,
    ...(memory ? { memoryBytes: memory * 2 ** 30 } : {}),
    os: `${platform} ${known.platformVersion ?? ''}`.trim(),
  };
}

export function browserName(): string {
  const brand = userAgentData()?.brands.find(({ brand: name }) => !/not.a.brand|not\W*a\W*brand/i.test(name));
  if (brand) return `${brand.brand} ${brand.version}`;
  const [, name, version] = /(Firefox|Version)\/(\d+)/.exec(navigator.userAgent) ?? [];
  return name ? `${name === 'Version' ? 'Safari' : name} ${version}` : 'unknown browser';
}

/** What subnets run on here, as profiles tell it. */
export async function describe({ provider, threads }: Execution): Promise<Pick<DeviceProfile, 'device' | 'runtime'>> {
  const { name: engine, version } = webRuntime;
  const runtime = { engine, version: await version(), provider, browser: browserName(), threads };
  return { device: await deviceFacts(), runtime };
}
