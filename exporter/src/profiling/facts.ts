import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { DeviceProfile } from '@easel/sdk/profile';

/** What this machine is, as far as it matters for latency. No host name, no builder's suffixes: profiles are shared. */
export function deviceFacts(): DeviceProfile['device'] {
  const simd = widestVectors(arch(), cpuFlags());
  return {
    cpu: cpus()[0]?.model.replace(/\s+/g, ' ').trim() || 'unknown CPU',
    architecture: arch(),
    ...(simd === undefined ? {} : { simd }),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${platform()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`.trim(),
  };
}

export function runtimeFacts(threads: number): DeviceProfile['runtime'] {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { engine: 'onnxruntime-node', version, provider: 'cpu', threads };
}

/** Of the instruction sets that ONNX Runtime has kernels for. */
export function widestVectors(architecture: string, flags: readonly string[]): string | undefined {
  if (architecture === 'arm64') return flags.includes('sve') ? 'sve' : 'neon';
  if (architecture !== 'x64') return undefined;
  return [
    ['avx512f', 'avx512'],
    ['avx2', 'avx2'],
    ['avx', 'avx'],
  ].find(([flag]) => flags.includes(flag as string))?.[1];
}

/** As Linux lists them; none elsewhere. */
function cpuFlags(): readonly string[] {
  try {
    return /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
  } catch {
    return [];
  }
}

/**
 * Watches how busy other programs keep this machine.
 * @returns the number of cores that they used on average since the call
 */
export function watchOthers(): () => number {
  const busy = () => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const started = { at: performance.now(), busy: busy(), own: process.cpuUsage() };
  return () => {
    const own = process.cpuUsage(started.own);
    const others = busy() - started.busy - (own.user + own.system) / 1000;
    return Math.max(0, others / (performance.now() - started.at));
  };
}
