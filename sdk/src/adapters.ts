import { adapted, type BundleReader, type ListedAdapter, readAdapter } from './bundle/index.js';
import { Memo } from './memo.js';
import type { Supernet } from './subnet/index.js';

/** Copies of the supernet that are kept: an application rarely works at more tasks than these at a time. */
const most = 3;

/** The supernet as single tasks have it, read when they are first needed. */
export class Adapters {
  readonly #adapted = new Memo<Supernet>(most);

  constructor(
    readonly reader: BundleReader,
    readonly supernet: Supernet,
  ) {}

  /** @throws BundleError of the adapter's file */
  get(listed: ListedAdapter): Promise<Supernet> {
    return this.#adapted.get(listed.task, () => this.#adapt(listed));
  }

  async #adapt(listed: ListedAdapter): Promise<Supernet> {
    return adapted(this.reader.manifest, this.supernet, listed.task, await readAdapter(this.reader, listed));
  }
}
