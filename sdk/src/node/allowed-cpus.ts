import { readFileSync } from 'node:fs';

/** Numbers of the CPUs that this process may run on (a container or `taskset` may withhold some); undefined where unknown. */
export function allowedCpus(): readonly number[] | undefined {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return list === undefined ? undefined : parseCpuList(list);
  } catch {
    // Not Linux.
    return undefined;
  }
}

/** As Linux writes them: `0-2,5`. */
export function parseCpuList(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
