import { BundleError } from '../errors/index.js';
import { type Adapter, adapt, adapterBytes, adapterParts, type Supernet } from '../subnet/index.js';
import type { ListedAdapter } from './adapter-for.js';
import type { BundleReader } from './load.js';

/** @throws BundleError of its file */
export async function readAdapter(reader: BundleReader, { task, file, rank }: ListedAdapter): Promise<Adapter> {
  const { tasks, space } = reader.manifest;
  const bytes = await reader.file(file);
  const { length } = tasks[task] as readonly string[];
  const expected = adapterBytes(adapterParts(space, length, rank));
  if (bytes.length !== expected) {
    const wanted = `an adapter of rank ${rank} for ${length} classes in space ${space.name} has ${expected}`;
    throw new BundleError(file, `has ${bytes.length} bytes; ${wanted}`);
  }
  return { rank, bytes };
}

interface Vocabulary {
  readonly classes: readonly string[];
  readonly tasks: Readonly<Record<string, readonly string[]>>;
}

/** The supernet as a task has it, with the task's adapter. */
export function adapted({ classes, tasks }: Vocabulary, supernet: Supernet, task: string, adapter: Adapter): Supernet {
  const members = (tasks[task] as readonly string[]).map((name) => classes.indexOf(name));
  return { ...adapt(supernet, adapter, members), adapter: task };
}
