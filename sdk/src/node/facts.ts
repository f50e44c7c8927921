import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { DeviceProfile } from '../profile/index.js';

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
