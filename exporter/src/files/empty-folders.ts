import { rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Takes back what `mkdir` with `recursive` has made, as far as it is empty: others may have written into it meanwhile.
 * @param outermost what `mkdir` returned
 */
export async function removeEmptyFolders(innermost: string, outermost: string | undefined): Promise<void> {
  if (outermost === undefined) return;
  try {
    for (let folder = resolve(innermost); ; folder = dirname(folder)) {
      await rmdir(folder);
      if (folder === resolve(outermost)) break;
    }
  } catch {
    // Something is in it: it stays.
  }
}
