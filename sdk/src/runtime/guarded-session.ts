import { DisposedError } from '../errors/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Session } from './runtime.js';

/** Lets the runs under way finish before the session behind it is released, once. */
export class GuardedSession implements Session {
  readonly #inner: Session;
  readonly #running = new Set<Promise<unknown>>();
  #disposed: Promise<void> | undefined;

  constructor(inner: Session) {
    this.#inner = inner;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    if (this.#disposed) throw new DisposedError('session');
    const run = this.#inner.run(feeds);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  dispose(): Promise<void> {
    this.#disposed ??= Promise.allSettled(this.#running).then(() => this.#inner.dispose());
    return this.#disposed;
  }
}
