import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { portNumber, positiveInteger } from '../arguments.js';
import { easelCommand, note, print } from '../command.js';
import { interruptible } from '../interrupt.js';

interface Flags {
  host: string;
  port: number;
  token?: string;
  threads: number;
}

export function agentCommand(): Command {
  return easelCommand('agent', 'Time subnets on this device for tests and profiles that run elsewhere.', [
    'easel agent',
    'easel agent --host 0.0.0.0 --token s3cret      # on the device',
    'EASEL_DEVICE=http://board:7420 EASEL_TOKEN=s3cret npm run test:hil      # on the host',
  ])
    .option('--host <address>', 'where to listen; anything but the loopback needs a token', '127.0.0.1')
    .option('--port <n>', 'on which port', portNumber, 7420)
    .option('--token <text>', 'what clients must know (default: EASEL_TOKEN; made up where one is needed)')
    .option('--threads <n>', 'per inference', positiveInteger, 1)
    .action(run);
}

async function run({ host, port, threads, token: given }: Flags): Promise<void> {
  const { startAgent } = await import('../../agent/index.js');
  const { priorityWarning } = await import('../../profiling/index.js');
  const local = ['127.0.0.1', 'localhost', '::1'].includes(host);
  // An empty one counts as none.
  const known = given || process.env.EASEL_TOKEN || undefined;
  const token = known ?? (local ? undefined : randomBytes(9).toString('base64url'));
  const agent = await startAgent({ host, port, threads, ...(token === undefined ? {} : { token }) });
  print(`listening: ${agent.url}`);
  if (token !== undefined && known === undefined) print(`token: ${token}`);
  const warning = priorityWarning(threads);
  if (warning !== undefined) note(`warning: ${warning}`);
  note('Ctrl-C ends it');
  await interruptible(
    'closing',
    (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  );
  await agent.close();
}
