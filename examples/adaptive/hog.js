import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Keeps every core busy, twice over, as other programs would. */
export class Hog {
  #workers = [];

  get running() {
    return this.#workers.length > 0;
  }

  start() {
    const count = 2 * availableParallelism();
    this.#workers = Array.from({ length: count }, () => new Worker('for (;;);', { eval: true }));
  }

  async stop() {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
