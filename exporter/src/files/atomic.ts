import { randomBytes } from 'node:crypto';
import { constants, copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tryLockFile } from './lock.js';

/**
 * Writes a file beside its place and moves it there: a reader, and whoever comes after a crash, sees the old file or the
 * new one, whole. What a process that was killed while writing this file has left behind is removed.
 * @param keptAs where the old file, if there is one, is kept; whole at any moment, like the file itself
 * @throws whatever the file system does; then the old file is as it was, and nothing lies beside it
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | ((handle: FileHandle) => Promise<void>),
  keptAs?: string,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await removeAbandoned(file);
  const temporary = temporaryOf(file);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx');
    // Tells others that it is not abandoned.
    tryLockFile(handle);
    if (typeof content === 'function') await content(handle);
    else await handle.writeFile(content);
    await handle.sync();
    await handle.close();
    handle = undefined;
    if (keptAs !== undefined) await keep(file, keptAs);
    await rename(temporary, file);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Gives a file, if it is there, a second name, or a copy under it, in place of whatever had that. */
async function keep(file: string, keptAs: string): Promise<void> {
  const temporary = temporaryOf(file);
  try {
    // Not every file system knows a file by two names.
    await link(file, temporary).catch(async () => {
      await copyFile(file, temporary, constants.COPYFILE_EXCL);
      const copy = await open(temporary, 'r+');
      await copy.sync().finally(() => copy.close());
    });
    await rename(temporary, keptAs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    // Where both are the same file already, renaming does nothing.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

function temporaryOf(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Temporary files of this file that nobody is writing any more. */
async function removeAbandoned(file: string): Promise<void> {
  const [folder, prefix] = [dirname(file), `${basename(file)}.`];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]+\.tmp$/.test(name.slice(prefix.length))) continue;
    const path = join(folder, name);
    const handle = await open(path, 'r+').catch(() => undefined);
    try {
      if (handle && tryLockFile(handle)) await rm(path, { force: true });
    } catch {
      // Not ours to remove: it does no harm.
    } finally {
      await handle?.close();
    }
  }
}
