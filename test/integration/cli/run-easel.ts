import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const easelMain = fileURLToPath(new URL('../../../../exporter/bin/easel.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningEasel {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/**
 * The real command line in a process of its own, without a terminal.
 *
 * @param nice by how much its priority is to be lower
 */
export function startEasel(
  words: readonly string[],
  directory: string,
  { nice }: { readonly nice?: number } = {},
): RunningEasel {
  const command = [process.execPath, easelMain, ...words];
  const [program, ...rest] = (nice === undefined ? command : ['nice', '-n', String(nice), ...command]) as [string];
  const child = spawn(program, rest, {
    cwd: directory,
    env: { ...process.env, NO_COLOR: '1', EASEL_CACHE: join(directory, '.cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
  return { child, outcome };
}

export function easel(words: readonly string[], directory = tmpdir()): Promise<Outcome> {
  return startEasel(words, directory).outcome;
}

/** An empty directory for the time that `use` runs. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'easel-cli-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
