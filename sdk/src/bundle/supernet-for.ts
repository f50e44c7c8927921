import type { Adapter, Supernet } from '../subnet/index.js';
import { adapted } from './adapter.js';
import { adapterFor } from './adapter-for.js';
import type { Bundle } from './load-bundle.js';

/** The supernet that a device makes subnets for these classes of. */
export function supernetFor({ manifest, supernet, adapters }: Bundle, wanted: readonly number[]): Supernet {
  const listed = adapterFor(manifest, wanted);
  return listed ? adapted(manifest, supernet, listed.task, adapters.get(listed.task) as Adapter) : supernet;
}
