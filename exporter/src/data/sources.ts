import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { DatasetError } from '../errors/index.js';
import { readProblem } from '../files/index.js';

/** Many files in one place: a folder and a tar archive of it list and read the same. */
export interface FileSource {
  readonly path: string;
  /** Files and folders (these end in "/") below `path`, sorted, without hidden files and macOS resource forks. */
  list(): Promise<SourceEntry[]>;
  /** Calls `visit` with the content of each listed file that is `wanted`, in any order, some at a time. */
  visit(wanted: (path: string) => boolean, visit: (path: string, content: Buffer) => Promise<void>): Promise<void>;
  /** Changes whenever the files may have changed. */
  fingerprint(): Promise<string>;
}

export interface SourceEntry {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly size: number;
  /** Time of last modification, in ms. */
  readonly modified: number;
  /** A symbolic link of an archive, which nobody follows. */
  readonly isLink?: true;
}

/** How many files are read or decoded at a time: enough to keep the thread pool of Node busy. */
const IN_FLIGHT = 8;

export function folderSource(path: string): FileSource {
  let listing: Promise<SourceEntry[]> | undefined;
  const list = () => {
    listing ??= listFolder(path, '').then(sorted);
    return listing;
  };
  return {
    path,
    list,
    async visit(wanted, visit) {
      const pending = new Pending();
      for (const entry of await list()) {
        if (entry.path.endsWith('/') || !wanted(entry.path)) continue;
        await pending.add(async () => visit(entry.path, await contentOf(path, entry.path)));
      }
      await pending.settled();
    },
    async fingerprint() {
      return (await list()).map(({ path, size, modified }) => `${path}\t${size}\t${modified}`).join('\n');
    },
  };
}

/** A .tar, or a .tar.gz (told by its first bytes). Streamed: nothing is unpacked to disk. */
export function tarSource(path: string): FileSource {
  let listing: Promise<TarListing> | undefined;
  const listed = () => {
    listing ??= listTar(path);
    return listing;
  };
  return {
    path,
    list: async () => (await listed()).entries,
    async visit(wanted, visit) {
      const { filesAt } = await listed();
      const pending = new Pending();
      await readTar(path, async ({ position }, content) => {
        const files = (filesAt.get(position) ?? []).filter(wanted);
        if (files.length === 0) return;
        const bytes = await content();
        for (const file of files) await pending.add(() => visit(file, bytes));
      });
      await pending.settled();
    },
    async fingerprint() {
      const { size, mtimeMs } = await stat(path);
      return `${size}\t${mtimeMs}`;
    },
  };
}

async function listFolder(root: string, prefix: string): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [];
  for (const { name } of await readdir(join(root, prefix), { withFileTypes: true })) {
    if (isHidden(name)) continue;
    // stat, not the listing's type: class folders are often symbolic links.
    const stats = await stat(join(root, prefix, name)).catch((cause) => {
      const problem = cause.code === 'ENOENT' ? 'is a link to nothing, or was removed just now' : readProblem(cause);
      throw new DatasetError(`${root}: ${prefix}${name}`, problem, { cause });
    });
    if (stats.isDirectory()) {
      entries.push({ path: `${prefix}${name}/`, size: 0, modified: 0 });
      entries.push(...(await listFolder(root, `${prefix}${name}/`)));
    } else {
      entries.push({ path: prefix + name, size: stats.size, modified: stats.mtimeMs });
    }
  }
  return entries;
}

/** @throws DatasetError if the file is gone since it was listed, or may not be read */
async function contentOf(root: string, path: string): Promise<Buffer> {
  return readFile(join(root, path)).catch((cause) => {
    throw new DatasetError(`${root}: ${path}`, readProblem(cause), { cause });
  });
}

/** One entry of an archive, in whose order they are numbered from 0. */
interface TarEntry extends SourceEntry {
  readonly position: number;
  /** Of a hard link: the path of the file that it is another name of. */
  readonly sameAs?: string;
}

interface TarListing {
  readonly entries: SourceEntry[];
  /**
   * By the position of an entry, the files whose content it is: several where hard links share it, none where a later
   * entry has the same path, as `tar --append` and `--update` write.
   */
  readonly filesAt: ReadonlyMap<number, readonly string[]>;
}

/** @throws DatasetError if a hard link leads to no file before it */
async function listTar(path: string): Promise<TarListing> {
  const byPath = new Map<string, TarEntry>();
  await readTar(path, async (entry) => {
    const { sameAs } = entry;
    const file = sameAs === undefined ? entry : byPath.get(sameAs);
    if (!file)
      throw new DatasetError(`${path}: ${entry.path}`, `is a link to ${sameAs}, which does not come before it`);
    byPath.set(entry.path, { ...file, path: entry.path });
  });
  const filesAt = new Map<number, string[]>();
  for (const { path: file, position, isLink } of byPath.values()) {
    if (!file.endsWith('/') && !isLink) filesAt.set(position, [...(filesAt.get(position) ?? []), file]);
  }
  return { entries: sorted([...byPath.values()]), filesAt };
}

/** `content` reads the entry; an entry whose content nobody asks for is skipped. */
async function readTar(
  path: string,
  visit: (entry: TarEntry, content: () => Promise<Buffer>) => Promise<void>,
): Promise<void> {
  const archive = extract();
  const reading = (await isGzip(path))
    ? pipeline(createReadStream(path), createGunzip(), archive)
    : pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), archive);
  // Handled below; without this, a failure while `visit` is awaited would count as unhandled.
  reading.catch(() => {});
  let failure: unknown;
  let position = 0;
  try {
    for await (const stream of archive) {
      const entry = entryOf(stream.header, position++);
      if (entry) {
        await visit(entry, () => collect(stream as AsyncIterable<Uint8Array>)).catch((error) => {
          failure = error;
          throw error;
        });
      }
      stream.resume();
    }
    await reading;
  } catch (error) {
    if (failure) throw failure;
    throw new DatasetError(path, `is truncated or no tar archive (${(error as Error).message})`, { cause: error });
  }
}

/** Undefined for what is no file, folder or link, and for what is hidden. */
function entryOf({ name, size = 0, type, mtime, linkname }: Header, position: number): TarEntry | undefined {
  const isKnown = type === 'file' || type === 'directory' || type === 'link' || type === 'symlink';
  const path = withoutDot(name) + (type === 'directory' && !name.endsWith('/') ? '/' : '');
  if (!isKnown || !path || path.split('/').some(isHidden)) return undefined;
  return {
    path,
    size,
    modified: mtime?.getTime() ?? 0,
    position,
    ...(type === 'link' ? { sameAs: withoutDot(linkname ?? '') } : {}),
    ...(type === 'symlink' ? { isLink: true } : {}),
  };
}

/** "./train/cat/1.jpg" is "train/cat/1.jpg". */
function withoutDot(name: string): string {
  return name.replace(/^(\.\/)+/, '');
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.length === 1 ? Buffer.from(chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Dot files, AppleDouble files ("._x.jpg"), .DS_Store and the folder that macOS adds to archives. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}

/** By code unit, which does not depend on the locale. */
function sorted(entries: SourceEntry[]): SourceEntry[] {
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Runs up to IN_FLIGHT jobs at a time; the first failure is thrown by the next `add` or by `settled`. */
class Pending {
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  async add(job: () => Promise<void>): Promise<void> {
    if (this.#running.size >= IN_FLIGHT) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
    const running: Promise<void> = job()
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }
}
