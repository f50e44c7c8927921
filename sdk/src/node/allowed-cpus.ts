import { readFileSync } from 'node:fs';

/**
 * Numbers of the CPUs that this process may run on: those that are there, without what a container or `taskset` withholds.
 * Undefined where unknown.
 */
export function allowedCpus(): readonly number[] | undefined {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (list === undefined) return undefined;
    // The list may name CPUs that could be plugged in.
    const online = new Set(parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8')));
    return parseCpuList(list).filter((cpu) => online.has(cpu));
  } catch {
    // Not Linux.
    return undefined;
  }
}

/** As Linux writes them: `0-2,5`. */
export function parseCpuList(list: string): readonly number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number) as [number, number?];
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}
