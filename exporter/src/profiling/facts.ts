import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { DeviceProfile } from '@easel/sdk/profile';

/** What this machine is, as far as it matters for latency. No host name, no builder's suffixes: profiles are shared. */
export function deviceFacts(): DeviceProfile['device'] {
  return {
    cpu: cpus()[0]?.model.replace(/\s+/g, ' ').trim() || 'unknown CPU',
    architecture: arch(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${platform()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`.trim(),
  };
}

export function runtimeFacts(threads: number): DeviceProfile['runtime'] {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { engine: 'onnxruntime-node', version, provider: 'cpu', threads };
}

/** Lower-case letters, digits and dashes: `amd-epyc-onnxruntime-node-1t.mobile-32`. */
export function profileName(device: DeviceProfile['device'], runtime: DeviceProfile['runtime'], space: string): string {
  const slug = (text: string) =>
    text
      .toLowerCase()
      .replace(/\((r|tm)\)|\bcpu\b|@.*$/g, ' ')
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
  return `${slug(device.cpu)}-${slug(runtime.engine)}-${runtime.threads}t.${space}`;
}
