import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connectAgent } from '@easel/exporter/agent';
import { openChromiumDevice, thisMachine } from '@easel/exporter/profiling';
import { profileName } from '@easel/sdk/profile';
import type { MeasuredDevice } from '@easel/sdk/profiling';
import type { SearchSpace } from '@easel/sdk/space';
import { easelMain } from '../integration/cli/run-easel.js';

export interface OpenDevice extends MeasuredDevice {
  close(): Promise<void>;
}

/**
 * The device to test: this machine (the default), `agent` (an agent in a process of its own, restricted to one core where
 * the system can), `chromium`, or the address of an agent.
 */
export async function openDevice(which: string, space: SearchSpace, threads: number): Promise<OpenDevice> {
  switch (which) {
    case '':
      return { ...thisMachine(space.name, threads), close: async () => undefined };
    case 'chromium':
      return openChromiumDevice(space, threads);
    case 'agent': {
      const { process: agent, url } = await spawnAgent(['--threads', String(threads)], { oneCore: true });
      const device = await openAgent(url, space);
      return {
        ...device,
        async close() {
          await device.close();
          await stop(agent);
        },
      };
    }
    default:
      return openAgent(which, space, process.env.EASEL_TOKEN);
  }
}

async function openAgent(url: string, space: SearchSpace, token?: string): Promise<OpenDevice> {
  const { device, runtime, meter, release } = await connectAgent(url, { token });
  return { name: profileName(device, runtime, space.name), device, runtime, meter, close: release };
}

/** `easel agent` in a process of its own, on a free port. */
export async function spawnAgent(
  words: readonly string[] = [],
  { oneCore = false }: { oneCore?: boolean } = {},
): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const command = [process.execPath, easelMain, 'agent', '--port', String(await freePort()), ...words];
  const [program, ...rest] = [...(oneCore ? onOneCore() : []), ...command] as [string, ...string[]];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    problems += chunk;
  });
  for await (const line of createInterface(child.stdout)) {
    const url = /^listening: (\S+)$/.exec(line)?.[1];
    if (url) return { process: child, url };
  }
  throw new Error(`easel agent did not start: ${problems}`);
}

/** Words before a command that keep it on one of the cores that this process may use; none where that is impossible. */
function onOneCore(): readonly string[] {
  if (spawnSync('taskset', ['--version']).status !== 0) return [];
  const core = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return core === undefined ? [] : ['taskset', '-c', core];
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
