import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import type { DeviceProfile } from '@easel/sdk/profile';

export function runtimeFacts(threads: number): DeviceProfile['runtime'] {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { engine: 'onnxruntime-node', version, provider: 'cpu', threads };
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
