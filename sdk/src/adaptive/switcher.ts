import type { Classifier } from '../classifier.js';
import { InFlight } from '../runtime/index.js';
import { Backoff } from './backoff.js';
import { PendingTargets } from './pending-targets.js';
import type { Subnet, Target } from './subnet.js';

export interface SwitcherParts {
  open(target: Target): Promise<Classifier>;
  /** The target's subnet runs from now on, in place of the one before. */
  onSwitch(target: Target, before: Subnet | undefined, openedInMs: number): void;
  /** Another subnet could not be opened: this one goes on. */
  onFailure(running: Target, error: unknown): void;
}

/** Makes the subnet run that was wanted last: opens it beside the one that runs, which ends with its images under way. */
export class Switcher {
  readonly #parts: SwitcherParts;
  #wanted: Target | undefined;
  #running: Subnet | undefined;
  readonly #pending = new PendingTargets();
  #switching: Promise<void> | undefined;
  readonly #retired = new InFlight();
  readonly #backoff = new Backoff();
  #disposed = false;

  constructor(parts: SwitcherParts) {
    this.#parts = parts;
  }

  /** None before the first was opened. */
  get running(): Subnet | undefined {
    return this.#running;
  }

  get wanted(): Target | undefined {
    return this.#wanted;
  }

  get isSwitching(): boolean {
    return this.#switching !== undefined;
  }

  /** Whether it is too early to try again after a failure, in ms of `performance.now`. */
  isBackingOff(now: number): boolean {
    return this.#backoff.isWaiting(now);
  }

  /** What to run from now on; `reach` opens it. */
  want(target: Target): void {
    this.#wanted = target;
    this.#pending.add(target);
    if (!this.#running || !this.#isRunning(target)) return;
    this.#running = { ...this.#running, target };
    this.#pending.reached(target);
  }

  /** Resolves when this one runs, or what was wanted after it; fails with it, or with what it was skipped for. */
  async reach(target: Target): Promise<void> {
    while (target.error === undefined && !this.#disposed && !this.#isRunning(this.#wanted as Target)) {
      this.#switching ??= this.#switch(this.#wanted as Target).finally(() => {
        this.#switching = undefined;
      });
      await this.#switching;
    }
    if (target.error !== undefined) throw target.error;
  }

  /** Frees the subnets, once images under way are done. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#switching;
    await this.#retired.ended();
    await this.#running?.classifier.dispose();
  }

  /** Whatever is wanted meanwhile comes after it, so that a stream of changes makes progress. */
  async #switch(target: Target): Promise<void> {
    const start = performance.now();
    try {
      const classifier = await this.#parts.open(target);
      const before = this.#running;
      this.#running = { classifier, target };
      if (before) this.#retired.track(before.classifier.dispose()).catch(() => undefined);
      this.#pending.reached(target);
      this.#backoff.succeed();
      this.#parts.onSwitch(target, before, performance.now() - start);
    } catch (error) {
      this.#fail(target, error);
    }
  }

  /** The subnet before goes on; it may be tried again, but not at once. */
  #fail(target: Target, error: unknown): void {
    target.error = error;
    this.#backoff.fail(performance.now());
    if (!this.#running) return;
    if (this.#wanted === target) {
      this.#wanted = this.#running.target;
      this.#pending.fail(error);
    }
    this.#parts.onFailure(this.#running.target, error);
  }

  #isRunning({ rungs, rung }: Target): boolean {
    return this.#running?.target.rungs === rungs && this.#running.target.rung === rung;
  }
}
