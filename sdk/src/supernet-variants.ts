import { Adapters } from './adapters.js';
import { adapterFor, type BundleReader } from './bundle/index.js';
import { Recalibrations } from './recalibrations.js';
import type { Execution } from './runtime/index.js';
import type { Architecture } from './space/index.js';
import type { Supernet } from './subnet/index.js';

/** The supernet as it suits a task, or with statistics of one architecture, or both. */
export class SupernetVariants {
  readonly #adapters: Adapters;
  readonly #recalibrations: Recalibrations;

  constructor(
    readonly reader: BundleReader,
    readonly supernet: Supernet,
    execution: Execution,
  ) {
    this.#adapters = new Adapters(reader, supernet);
    this.#recalibrations = new Recalibrations(reader, execution);
  }

  /** @throws BundleError; InvalidRequestError if the bundle has no images to recalibrate with */
  async get(architecture: Architecture, classes: readonly number[], recalibrate: boolean): Promise<Supernet> {
    const listed = adapterFor(this.reader.manifest, classes);
    const supernet = listed ? await this.#adapters.get(listed) : this.supernet;
    return recalibrate ? this.#recalibrations.get(supernet, architecture) : supernet;
  }
}
