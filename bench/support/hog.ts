import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Processes that keep every core busy, `perCore` times over, until they are stopped. */
export class Hog {
  readonly #processes: readonly ChildProcess[];

  constructor(perCore: number) {
    const count = Math.ceil(perCore * availableParallelism());
    this.#processes = Array.from({ length: count }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map((child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        return ended;
      }),
    );
  }
}
