import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { FileError, LockedError } from '../errors/index.js';
import { removeEmptyFolders } from './empty-folders.js';
import { writeProblem } from './problems.js';

export const lockFileName = '.lock';

/** Far behind a lock file's content, which others may read: on Windows locked bytes cannot be. */
const LOCKED_BYTE = 1 << 20;

/**
 * Locks an open file until it is closed, by the operating system: the lock of a process that was killed is gone with it.
 * @returns false if another process, or another handle of this one, has it
 */
export function tryLockFile({ fd }: FileHandle): boolean {
  try {
    return tryLock(fd, LOCKED_BYTE, 1);
  } catch (error) {
    // Some network file systems have no locks; refusing to work there would be worse than working without.
    process.emitWarning(`this file system has no locks (${(error as Error).message})`);
    return true;
  }
}

/** A directory that one process at a time works in. Who holds it is written into its file `.lock`. */
export class DirectoryLock {
  readonly #file: string;
  readonly #handle: FileHandle;
  /** The outermost directory that was made for it. */
  readonly #made: string | undefined;

  private constructor(file: string, handle: FileHandle, made: string | undefined) {
    this.#file = file;
    this.#handle = handle;
    this.#made = made;
  }

  /**
   * Makes the directory if it is not there.
   * @throws LockedError that names the holder; FileError if the directory cannot be written
   */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const file = join(directory, lockFileName);
    try {
      const made = await mkdir(directory, { recursive: true });
      for (;;) {
        const handle = await open(file, 'a+');
        if (!tryLockFile(handle)) {
          const holder = await handle.readFile('utf8').finally(() => handle.close());
          throw new LockedError(directory, holderOf(holder));
        }
        // A holder that ended between opening and locking has removed the file: this handle would lock nothing.
        if (await isSameFile(file, handle)) {
          const lock = new DirectoryLock(file, handle, made);
          await lock.#introduce();
          return lock;
        }
        await handle.close();
      }
    } catch (error) {
      if (error instanceof LockedError) throw error;
      throw new FileError(directory, writeProblem(error), { cause: error });
    }
  }

  async #introduce(): Promise<void> {
    try {
      await this.#handle.truncate();
      await this.#handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname(), since: new Date() }));
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Leaves no trace: directories that were made for the lock and are empty go too. */
  async release(): Promise<void> {
    // A disk that cannot be written any more must not hide what went wrong before.
    await rm(this.#file, { force: true }).catch(() => {});
    await this.#handle.close();
    await removeEmptyFolders(dirname(this.#file), this.#made);
  }
}

async function isSameFile(file: string, handle: FileHandle): Promise<boolean> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  const held = await handle.stat({ bigint: true });
  return found !== undefined && found.ino === held.ino && found.dev === held.dev;
}

function holderOf(text: string): string {
  try {
    const { pid, host, since } = JSON.parse(text) as { pid: number; host: string; since: string };
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    // It has only just begun.
    return 'another process';
  }
}
