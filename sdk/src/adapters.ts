import { adapted, type BundleReader, type ListedAdapter, readAdapter } from './bundle/index.js';
import type { Supernet } from './subnet/index.js';

/** Copies of the supernet that are kept: an application rarely works at more tasks than these at a time. */
const most = 3;

/** The supernet as single tasks have it, read when they are first needed. */
export class Adapters {
  readonly #adapted = new Map<string, Promise<Supernet>>();

  constructor(
    readonly reader: BundleReader,
    readonly supernet: Supernet,
  ) {}

  /** @throws BundleError of the adapter's file */
  get(listed: ListedAdapter): Promise<Supernet> {
    const { task } = listed;
    const known = this.#adapted.get(task);
    // The one that was asked for last is given up last.
    this.#adapted.delete(task);
    const supernet =
      known ??
      this.#adapt(listed).catch((error) => {
        this.#adapted.delete(task);
        throw error;
      });
    this.#adapted.set(task, supernet);
    if (this.#adapted.size > most) this.#adapted.delete(this.#adapted.keys().next().value as string);
    return supernet;
  }

  async #adapt(listed: ListedAdapter): Promise<Supernet> {
    return adapted(this.reader.manifest, this.supernet, listed, await readAdapter(this.reader, listed));
  }
}
