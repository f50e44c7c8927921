import { readdir, readFile } from 'node:fs/promises';
import { FileError } from '../errors/index.js';
import { readProblem, writeAtomically, writeProblem } from '../files/index.js';

/** @throws FileError if the file cannot be read or is no JSON */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new FileError(file, readProblem(cause), { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(file, `is not JSON (${(cause as Error).message})`, { cause });
  }
}

/** @throws FileError as `readJson` does, or if the file holds something else than one JSON object */
export async function readJsonObject(file: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJson(file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FileError(file, 'holds no JSON object: {"OPTION": VALUE, ...}');
}

/** Atomic: the file is there whole or not at all. @throws FileError if it cannot be written */
export async function writeFileAtomically(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeAtomically(file, content);
  } catch (cause) {
    throw new FileError(file, writeProblem(cause), { cause });
  }
}

export function writeJson(file: string, value: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** The names in a directory; none if it does not exist. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new FileError(directory, readProblem(cause), { cause });
  });
}
