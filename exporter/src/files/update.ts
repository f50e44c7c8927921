import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LockedError } from '../errors/index.js';
import { tryLockFile } from './lock.js';

/**
 * Opens a file to read and to change it, for this process alone; makes it if it is not there.
 * @throws LockedError if another process, or another handle of this one, has it
 */
export async function openAlone(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
  if (tryLockFile(handle)) return handle;
  await handle.close();
  throw new LockedError(path, 'another process');
}

/** All of the bytes: a disk that is nearly full takes some of them at first, without an error. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Fills `target`. @throws RangeError where the file ends before */
export async function readAt<T extends Uint8Array>(handle: FileHandle, target: T, position: number): Promise<T> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new RangeError('unexpected end of file');
    done += bytesRead;
  }
  return target;
}
