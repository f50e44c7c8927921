import { getPriority } from 'node:os';

/**
 * Why measuring with so many threads at this process's priority may mislead, in sentences for a person; undefined if it is
 * normal, or there is one thread only. The threads of a pool wait for each other, and at another priority the system
 * shares out cores otherwise; a whole profile is distorted alike, so that its own error does not show it.
 *
 * @param priority as `nice` counts: 0 is normal, below it is raised
 */
export function priorityWarning(threads: number, priority: number = getPriority()): string | undefined {
  if (threads <= 1 || priority === 0) return undefined;
  return (
    `this process runs at ${priority < 0 ? 'raised' : 'lowered'} priority (nice ${priority}; normal is 0), and measures with ` +
    `${threads} threads: latencies may be far from those at normal priority (at nice -15, 2 threads took 1.7 times as long), ` +
    "though the profile's own error looks good; measure at the priority of your application, usually without nice or renice"
  );
}
