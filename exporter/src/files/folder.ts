import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeEmptyFolders } from './empty-folders.js';
import { tryLockFile } from './lock.js';

/**
 * Fills a folder beside its place and moves it there: whoever looks sees the old folder or the new one, whole. An old
 * folder is replaced.
 * @param fill writes into the folder that it is given, which is not there yet
 * @throws whatever `fill` does; then the old folder is as it was, and nothing lies beside it
 */
export async function writeFolderAtomically<T>(target: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const parent = dirname(target);
  const createdParent = await mkdir(parent, { recursive: true });
  const temporary = join(parent, `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const lock = lockOf(temporary);
  let handle: FileHandle | undefined;
  try {
    handle = await open(lock, 'wx');
    // Tells others that the folder is not abandoned. It lies outside: a folder with an open file cannot be moved on Windows.
    tryLockFile(handle);
    const result = await fill(temporary);
    await replace(target, temporary);
    return result;
  } catch (error) {
    // Windows does not remove a folder with an open file.
    await handle?.close();
    await rm(temporary, { recursive: true, force: true });
    await rm(lock, { force: true });
    await removeEmptyFolders(parent, createdParent);
    throw error;
  } finally {
    await handle?.close();
    await rm(lock, { force: true });
  }
}

/**
 * Removes the folders that killed writers of this one have left beside it. Where one was killed between moving the old
 * folder aside and the new one in, the old one returns.
 */
export async function removeAbandonedFolders(target: string): Promise<void> {
  const [parent, prefix] = [dirname(target), `.${basename(target)}.`];
  const names = await readdir(parent).catch(() => []);
  const found = names.map((name) => {
    return name.startsWith(prefix) ? /^([0-9a-f]{12})(\.old|\.lock)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
  });
  for (const id of new Set(found)) {
    if (id === undefined) continue;
    const temporary = join(parent, prefix + id);
    let handle: FileHandle | undefined;
    try {
      handle = await open(lockOf(temporary), 'r+').catch((error) => {
        if (error.code !== 'ENOENT') throw error;
        return undefined;
      });
      if (handle && !tryLockFile(handle)) continue;
      if (!(await entriesOf(target))) await rename(asideOf(temporary), target).catch(() => {});
      for (const folder of [temporary, asideOf(temporary)]) await rm(folder, { recursive: true, force: true });
      await handle?.close();
      await rm(lockOf(temporary), { force: true });
    } catch {
      // Not ours to remove: it does no harm.
    } finally {
      await handle?.close();
    }
  }
}

const lockOf = (temporary: string) => `${temporary}.lock`;
const asideOf = (temporary: string) => `${temporary}.old`;

async function replace(target: string, by: string): Promise<void> {
  const old = await entriesOf(target);
  if (!old) return rename(by, target);
  if (old.length === 0) {
    await rmdir(target);
    return rename(by, target);
  }
  const aside = asideOf(by);
  await rename(target, aside);
  try {
    await rename(by, target);
  } catch (error) {
    await rename(aside, target);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** Undefined if nothing is there. */
export async function entriesOf(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
