import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileError } from '../errors/index.js';

/** @throws FileError if the file cannot be read or is no JSON */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new FileError(file, unreadable(cause), { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(file, `is not JSON (${(cause as Error).message})`, { cause });
  }
}

/** Atomic: the file is there whole or not at all. */
export async function writeFileAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new FileError(file, `cannot be written (${(cause as Error).message})`, { cause });
  }
}

export function writeJson(file: string, value: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** The names in a directory; none if it does not exist. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new FileError(directory, unreadable(cause), { cause });
  });
}

export function unreadable(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOENT':
      return 'does not exist';
    case 'ENOTDIR':
      return 'is not a directory';
    case 'EISDIR':
      return 'is a directory';
    default:
      return `cannot be read (${cause.message})`;
  }
}
