import type { Target } from './subnet.js';

/**
 * What is wanted and does not run yet, the oldest first. Only the newest is opened next: the others share its fate, since
 * to whoever asked, a newer subnet is as good as theirs, and the one before is not.
 */
export class PendingTargets {
  readonly #targets: Target[] = [];

  add(target: Target): void {
    this.#targets.push(target);
  }

  /** It runs: nothing that was wanted before it is waited for any more. */
  reached(target: Target): void {
    this.#targets.splice(0, this.#targets.lastIndexOf(target) + 1);
  }

  /** The newest cannot be opened. One that failed before it keeps an error of its own. */
  fail(error: unknown): void {
    for (const target of this.#targets.splice(0)) target.error ??= error;
  }
}
