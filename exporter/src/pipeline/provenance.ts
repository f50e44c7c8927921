import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What made an artefact: enough to make it again. */
export interface Provenance {
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  /** Of Easel's own source, where it runs from a git checkout; `-dirty` with uncommitted changes. */
  readonly commit?: string;
}

export async function provenanceOf(command: string): Promise<Provenance> {
  const commit = await commitOfThisCode();
  return { command, date: new Date().toISOString(), ...(commit ? { commit } : {}) };
}

/** The arguments as one could type them into a POSIX shell. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

async function commitOfThisCode(): Promise<string | undefined> {
  const git = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)('git', words, { cwd: dirname(fileURLToPath(import.meta.url)) });
    return stdout.trim();
  };
  try {
    // Installed as a dependency, this file lies in a checkout of somebody else's: then it is not tracked there.
    await git('ls-files', '--error-unmatch', '../../src/pipeline/provenance.ts');
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return (await git('rev-parse', 'HEAD')) + (changed ? '-dirty' : '');
  } catch {
    return undefined;
  }
}
