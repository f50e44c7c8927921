import type { ManifestEssentials } from './manifest.js';

/** An adapter as the manifest lists it, with the task that it is for. */
export type ListedAdapter = NonNullable<ManifestEssentials['adapters']>[string] & { readonly task: string };

/** The adapter of a task with all of these classes; of several, of the one with the fewest. */
export function adapterFor(
  { classes, tasks, adapters = {} }: Pick<ManifestEssentials, 'classes' | 'tasks' | 'adapters'>,
  wanted: readonly number[],
): ListedAdapter | undefined {
  const sizeOf = (task: string) => tasks[task]?.length ?? 0;
  return Object.entries(adapters)
    .map(([task, listed]) => ({ task, ...listed }))
    .filter(({ task }) => wanted.every((index) => tasks[task]?.includes(classes[index] as string)))
    .sort((a, b) => sizeOf(a.task) - sizeOf(b.task))[0];
}
