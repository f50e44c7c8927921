import { loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { spaceFingerprint } from '@easel/sdk/space';
import { formatTable, shortCount } from '../table.js';
import { formatFields, formatTasks } from './fields.js';

/** Reads and verifies all of it: what is described can be used. */
export async function describeBundle(directory: string): Promise<string> {
  const { manifest, profiles } = await loadBundle(directorySource(directory));
  const { name, created, space, classes, tasks, provenance, preprocessing, files } = manifest;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(' ');
  const fields = formatFields(`bundle ${name}: complete and unaltered`, [
    ['created', created],
    ['made by', provenance.command],
    ['seed', String(provenance.seed)],
    ...(provenance.commit ? [['commit', provenance.commit] as const] : []),
    ['search space', `${space.name} (${spaceFingerprint(space)})`],
    ['classes', `${classes.length}: ${classes.join(' ')}`],
    ['tasks', formatTasks(tasks)],
    ['adapters', Object.keys(manifest.adapters ?? {}).join(', ') || 'none'],
    ['profiles', [...profiles.keys()].join(', ') || 'none'],
    ['preprocessing', `(RGB byte - ${numbers(preprocessing.mean)}) / ${numbers(preprocessing.std)}`],
  ]);
  const table = formatTable<[string, { bytes: number; sha256: string }]>(
    [
      { title: 'file', text: ([path]) => path },
      { title: 'size', align: 'right', text: ([, { bytes }]) => `${shortCount(bytes)}B` },
      { title: 'SHA-256', text: ([, { sha256 }]) => `${sha256.slice(0, 16)}…` },
    ],
    Object.entries(files),
  );
  return `${fields}\n\n${table}`;
}
