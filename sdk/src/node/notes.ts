import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { dirname, join } from 'node:path';

/** EASEL_CACHE, or the place where the operating system wants caches. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.EASEL_CACHE) return environment.EASEL_CACHE;
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'easel');
  switch (platform()) {
    case 'darwin':
      return join(homedir(), 'Library', 'Caches', 'easel');
    case 'win32':
      return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'easel', 'Cache');
    default:
      return join(homedir(), '.cache', 'easel');
  }
}

const noteFile = (name: string) => join(defaultCacheFolder(), 'notes', `${name}.txt`);

export function readNote(name: string): Promise<string | undefined> {
  return readFile(noteFile(name), 'utf8').catch(() => undefined);
}

export async function writeNote(name: string, text: string): Promise<void> {
  const file = noteFile(name);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch {
    // A read-only or full disk: it will be found out again next time.
  }
}
