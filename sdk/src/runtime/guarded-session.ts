import { DisposedError } from '../errors/index.js';
import type { Tensor } from '../tensor/index.js';
import { InFlight } from './in-flight.js';
import type { Session } from './runtime.js';

/** Lets the runs under way finish before the session behind it is released, once. */
export class GuardedSession implements Session {
  readonly #inner: Session;
  readonly #runs = new InFlight();
  #disposed: Promise<void> | undefined;

  constructor(inner: Session) {
    this.#inner = inner;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    if (this.#disposed) throw new DisposedError('session');
    return this.#runs.track(this.#inner.run(feeds));
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#runs.ended().then(() => this.#inner.dispose());
    return this.#disposed;
  }
}
