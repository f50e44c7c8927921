/** Tells on the console how far a long step is, at most every ten seconds. */
export class Progress {
  #images = 0;
  #started = performance.now();
  #told = performance.now();

  /** Images that subnets were run on since the process started. */
  get images(): number {
    return this.#images;
  }

  ran(images: number): void {
    this.#images += images;
  }

  /** Goes through all items, one after the other. */
  async each<T, R>(label: string, items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
    this.#started = performance.now();
    this.#told = this.#started;
    const results: R[] = [];
    for (const item of items) {
      results.push(await act(item));
      this.#tell(label, results.length, items.length);
    }
    return results;
  }

  #tell(label: string, done: number, total: number): void {
    const now = performance.now();
    if (now - this.#told < 10_000 || done === total) return;
    this.#told = now;
    const left = ((now - this.#started) / done) * (total - done);
    console.log(`  ${label}: ${done} of ${total}, about ${Math.ceil(left / 1000)} s left`);
  }
}
