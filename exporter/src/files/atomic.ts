import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tryLockFile } from './lock.js';

/**
 * Writes a file beside its place and moves it there: a reader, and whoever comes after a crash, sees the old file or the
 * new one, whole. What a process that was killed while writing this file has left behind is removed.
 * @throws whatever the file system does; then the old file is as it was, and nothing lies beside it
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | ((handle: FileHandle) => Promise<void>),
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await removeAbandoned(file);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
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
    await rename(temporary, file);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
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
