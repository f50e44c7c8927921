import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, LockedError } from '@easel/exporter/errors';
import {
  DirectoryLock,
  openAlone,
  readAt,
  removeAbandonedFolders,
  writeAt,
  writeAtomically,
  writeFolderAtomically,
} from '@easel/exporter/files';
import { expect } from 'chai';

const filesModule = import.meta.resolve('@easel/exporter/files');

/** A process that runs `code`, with `files` imported, and goes on for ever; returns when it prints. */
async function processThat(code: string): Promise<ChildProcess> {
  const program = `import * as files from '${filesModule}'; setInterval(() => {}, 1000); ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('files', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-files-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('writes atomically: removes what a killed writer left, and nothing that is still being written', async () => {
    const file = join(directory, 'images.pixels');
    const write = `await files.writeAtomically(${JSON.stringify(file)}, async (handle) => {
      await handle.writeFile('half');
      console.log('writing');
      await new Promise(() => {});
    });`;
    const killed = await processThat(write);
    await kill(killed);
    expect(await readdir(directory)).to.have.length(1);
    const alive = await processThat(write);
    try {
      expect(await readdir(directory)).to.have.length(1);
      await writeFile(`${file}.not-ours.tmp`, '');
      await writeAtomically(file, 'whole');
      expect(await readFile(file, 'utf8')).to.equal('whole');
      expect(await readdir(directory)).to.have.length(3);
    } finally {
      await kill(alive);
    }
    await writeAtomically(file, 'again');
    expect((await readdir(directory)).sort()).to.deep.equal(['images.pixels', 'images.pixels.not-ours.tmp']);
  });

  it('keeps the old file under another name, whole at any moment, if that is wanted', async () => {
    const [file, old] = [join(directory, 'file'), join(directory, 'old')];
    for (const [content, kept] of [['1'], ['2', '1'], ['3', '2']] as const) {
      await writeAtomically(file, content, old);
      expect(await readFile(file, 'utf8')).to.equal(content);
      if (kept === undefined) expect(await readdir(directory)).to.deep.equal(['file']);
      else expect(await readFile(old, 'utf8')).to.equal(kept);
    }
    // As a writer leaves them that is killed between keeping the old file and moving the new one in.
    await link(file, join(directory, 'linked'));
    await rename(join(directory, 'linked'), old);
    await writeAtomically(file, '4', old);
    expect(await readFile(old, 'utf8')).to.equal('3');
    // What fails keeps both.
    await writeAtomically(file, () => Promise.reject(new Error('no')), old).catch(() => {});
    expect([await readFile(file, 'utf8'), await readFile(old, 'utf8')]).to.deep.equal(['4', '3']);
    expect((await readdir(directory)).sort()).to.deep.equal(['file', 'old']);
  });

  it('keeps the old file where writing fails', async () => {
    const file = join(directory, 'file');
    await writeAtomically(file, 'old');
    const error = await writeAtomically(file, async (handle) => {
      await handle.writeFile('new');
      throw new Error('no more');
    }).catch((e) => e);
    expect(error.message).to.equal('no more');
    expect(await readdir(directory)).to.deep.equal(['file']);
    expect(await readFile(file, 'utf8')).to.equal('old');
  });

  it('write a folder atomically: remove what a killed writer left, and nothing that is still being written', async () => {
    const target = join(directory, 'bundle');
    const write = `await files.writeFolderAtomically(${JSON.stringify(target)}, async (folder) => {
      const { mkdirSync } = await import('node:fs');
      mkdirSync(folder + '/models', { recursive: true });
      console.log('writing');
      await new Promise(() => {});
    });`;
    await kill(await processThat(write));
    // The folder and its lock.
    expect(await readdir(directory)).to.have.length(2);
    const alive = await processThat(write);
    try {
      await mkdir(join(directory, '.bundle.not-ours'));
      await mkdir(join(directory, '.bundle.0123456789ab'));
      await removeAbandonedFolders(target);
      const left = await readdir(directory);
      expect(left).to.have.length(3).and.include('.bundle.not-ours').and.not.include('.bundle.0123456789ab');
    } finally {
      await kill(alive);
    }
    await removeAbandonedFolders(target);
    await writeFolderAtomically(target, (folder) => mkdir(folder));
    expect((await readdir(directory)).sort()).to.deep.equal(['.bundle.not-ours', 'bundle']);
  });

  it('write a folder atomically: on failure leave what others have written beside it', async () => {
    const beside = join(directory, 'made', 'bundles', 'other');
    const failing = (write: () => Promise<unknown>) =>
      writeFolderAtomically(join(directory, 'made', 'bundles', 'one'), async (folder) => {
        await mkdir(folder);
        await write();
        throw new Error('no more');
      }).catch((error) => error.message);
    expect(await failing(async () => undefined)).to.equal('no more');
    expect(await readdir(directory)).to.deep.equal([]);
    expect(await failing(() => mkdir(beside))).to.equal('no more');
    expect((await readdir(directory, { recursive: true })).sort()).to.deep.equal([
      'made',
      join('made', 'bundles'),
      join('made', 'bundles', 'other'),
    ]);
  });

  it('give back a folder whose replacement was killed between its two moves', async () => {
    const target = join(directory, 'bundle');
    await mkdir(join(directory, '.bundle.0123456789ab.old'));
    await mkdir(join(directory, '.bundle.0123456789ab'));
    await writeFile(join(directory, '.bundle.0123456789ab.old', 'old'), '');
    await removeAbandonedFolders(target);
    expect(await readdir(directory)).to.deep.equal(['bundle']);
    expect(await readdir(target)).to.deep.equal(['old']);
  });

  it('lock a directory for one holder at a time, and leave no trace', async () => {
    const place = join(directory, 'runs', 'one');
    const lock = await DirectoryLock.acquire(place);
    const second = await DirectoryLock.acquire(place).catch((e) => e);
    expect(second).instanceOf(LockedError).property('message').include(`process ${process.pid} on `);
    await lock.release();
    expect(await readdir(directory)).to.deep.equal([]);
    await mkdir(place, { recursive: true });
    await (await DirectoryLock.acquire(place)).release();
    expect(await readdir(place)).to.deep.equal([]);
  });

  it('unlock a directory when its holder is killed', async () => {
    const holder = await processThat(
      `await files.DirectoryLock.acquire(${JSON.stringify(directory)}); console.log('locked');`,
    );
    const refused = await DirectoryLock.acquire(directory).catch((e) => e);
    await kill(holder);
    expect(refused).instanceOf(LockedError).property('holder').include(`process ${holder.pid} on`);
    const lock = await DirectoryLock.acquire(directory);
    await lock.release();
  });

  it('name what cannot be locked', async () => {
    await writeFile(join(directory, 'file'), '');
    const error = await DirectoryLock.acquire(join(directory, 'file')).catch((e) => e);
    expect(error).instanceOf(FileError).property('message').include('file: cannot be written');
  });

  it('reads and writes all bytes, however few the system takes at a time', async () => {
    const stored = new Uint8Array(12);
    const few = {
      async write(bytes: Uint8Array, offset: number, length: number, position: number) {
        const bytesWritten = Math.min(3, length);
        stored.set(bytes.subarray(offset, offset + bytesWritten), position);
        return { bytesWritten };
      },
      async read(target: Uint8Array, offset: number, length: number, position: number) {
        const bytesRead = Math.min(2, length, stored.length - position);
        target.set(stored.subarray(position, position + bytesRead), offset);
        return { bytesRead };
      },
    } as unknown as FileHandle;
    await writeAt(few, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 2);
    expect([...stored]).to.deep.equal([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
    expect([...(await readAt(few, new Uint8Array(7), 3))]).to.deep.equal([2, 3, 4, 5, 6, 7, 8]);
    expect(await readAt(few, new Uint8Array(7), 6).catch((error) => error)).to.be.instanceOf(RangeError);
  });

  it('opens a file to change it for one user at a time, as it was', async () => {
    const file = join(directory, 'logits');
    const first = await openAlone(file);
    await writeAt(first, Buffer.from('kept'), 0);
    expect(await openAlone(file).catch((error) => error)).to.be.instanceOf(LockedError);
    await first.close();
    const second = await openAlone(file);
    expect((await readAt(second, Buffer.alloc(4), 0)).toString()).to.equal('kept');
    await second.close();
  });
});
