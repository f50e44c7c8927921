import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The Python script, seen from the compiled bench/dist/support. */
const script = fileURLToPath(new URL('../../support/pytorch-train.py', import.meta.url));

/** Debian's python3-torch belongs to this one, whatever else comes first on the PATH. */
const interpreters = ['/usr/bin/python3', 'python3'];

/** Of one training step: by the clock, and of all threads of the process together. */
export interface StepTime {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export type Layout = 'channels_last' | 'nchw';

/** A PyTorch process that trains the benchmark's network step by step, when told to. */
export class PyTorch {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  version = '';

  private constructor(interpreter: string, batch: number, threads: number) {
    this.#child = spawn(interpreter, [script, String(batch), String(threads)]);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    // Writing to a process that has ended is told by its missing answer.
    this.#child.stdin.on('error', () => {});
  }

  /** @returns the process, or why there is none */
  static async start(batch: number, threads: number): Promise<PyTorch | string> {
    let reason = '';
    for (const interpreter of interpreters) {
      const process = new PyTorch(interpreter, batch, threads);
      let errors = '';
      process.#child.stderr.on('data', (chunk) => {
        errors += chunk;
      });
      const failure = new Promise<undefined>((resolve) => process.#child.on('error', () => resolve(undefined)));
      const hello = await Promise.race([process.#answer(), failure]);
      if (hello) {
        const { version, mkldnn } = JSON.parse(hello) as { version: string; mkldnn: boolean };
        process.version = `${version}${mkldnn ? '' : ', without oneDNN'}`;
        return process;
      }
      reason ||= `${interpreter}: ${errors.trim().split('\n').at(-1) || 'cannot be started'}`;
    }
    return reason;
  }

  async train(layout: Layout, steps: number): Promise<readonly StepTime[]> {
    this.#child.stdin.write(`${layout} ${steps}\n`);
    const answer = await this.#answer();
    if (!answer) throw new Error('PyTorch has ended');
    const { steps: measured } = JSON.parse(answer) as { steps: [number, number][] };
    return measured.map(([seconds, cpuSeconds]) => ({ seconds, cpuSeconds }));
  }

  stop(): void {
    this.#child.kill();
  }

  async #answer(): Promise<string | undefined> {
    const { value, done } = await this.#answers.next();
    return done ? undefined : value;
  }
}
