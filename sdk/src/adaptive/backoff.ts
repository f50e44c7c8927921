const firstMs = 1000;
const longestMs = 60_000;

/** When to try again what failed: after a second, and after twice as long each time that it fails again. */
export class Backoff {
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** Whether it is too early, in ms of `performance.now`. */
  isWaiting(now: number): boolean {
    return now < this.#until;
  }

  fail(now: number): void {
    this.#until = now + Math.min(longestMs, firstMs * 2 ** this.#failures++);
  }

  succeed(): void {
    this.#failures = 0;
  }
}
