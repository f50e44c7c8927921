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
  const platform = userAgentData()?.platform ?? systemIn(navigator.userAgent);
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
  return browserIn(navigator.userAgent);
}

/** Pages without https are told no more than this line, by Chromium too: an address in the local network is one. */
export function browserIn(userAgent: string): string {
  // Most call themselves Chrome and Safari besides, so that those come last.
  for (const [token, name] of tokens) {
    const version = new RegExp(`${token}/(\\d+)`).exec(userAgent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return 'unknown browser';
}

const tokens = [
  ['(?:Edg|EdgA|EdgiOS)', 'Microsoft Edge'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['OPR', 'Opera'],
  ['(?:Firefox|FxiOS)', 'Firefox'],
  ['(?:Chrome|CriOS)', 'Chrome'],
  ['Version', 'Safari'],
] as const;

export function systemIn(userAgent: string): string {
  const system = /Android[^;)]*/.exec(userAgent) ?? /iPhone|iPad|Windows[^;)]*|Mac OS X|CrOS|Linux/.exec(userAgent);
  return system?.[0] ?? 'unknown system';
}

/** What subnets run on here, as profiles tell it. */
export async function describe({ provider, threads }: Execution): Promise<Pick<DeviceProfile, 'device' | 'runtime'>> {
  const { name: engine, version } = webRuntime;
  const runtime = { engine, version: await version(), provider, browser: browserName(), threads };
  return { device: await deviceFacts(), runtime };
}
