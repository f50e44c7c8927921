interface Entry<T> {
  readonly value: Promise<T>;
  users: number;
}

/** A value of the pool, until it is given back. */
export interface Lease<T> {
  readonly value: T;
  /** Giving back a second time does nothing. */
  release(): Promise<void>;
}

/**
 * Opened models by key: whoever asks for the same one shares it, and the last few that nobody uses stay open, so that
 * coming back to them costs nothing.
 */
export class SessionPool<T extends { dispose(): Promise<void> }> {
  /** Ascending in the time of the last use. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #idleLimit: number;
  #closed = false;

  /** @param idleLimit how many that nobody uses stay open */
  constructor(idleLimit: number) {
    this.#idleLimit = idleLimit;
  }

  async acquire(key: string, open: () => Promise<T>): Promise<Lease<T>> {
    const entry = this.#entries.get(key) ?? { value: open(), users: 0 };
    entry.users++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    let value: T;
    try {
      value = await entry.value;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
    let released: Promise<void> | undefined;
    const release = () => {
      released ??= this.#release(entry);
      return released;
    };
    return { value, release };
  }

  /** Disposes what nobody uses; the others follow when they are given back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#trim();
  }

  async #release(entry: Entry<T>): Promise<void> {
    entry.users--;
    await this.#trim();
  }

  async #trim(): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const excess = idle.slice(0, this.#closed ? idle.length : Math.max(0, idle.length - this.#idleLimit));
    for (const [key] of excess) this.#entries.delete(key);
    await Promise.all(excess.map(async ([, { value }]) => (await value).dispose()));
  }
}
