/** Work that must end before what it uses is freed. */
export class InFlight {
  readonly #running = new Set<Promise<unknown>>();

  async track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Resolves when all the work tracked so far has ended, well or not. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
