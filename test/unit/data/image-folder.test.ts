import { renameSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, type DatasetOptions, openDataset } from '@easel/exporter/data';
import { ClassMismatchError, DatasetError, EmptyClassError, MissingSplitError } from '@easel/exporter/errors';
import { EaselError, ImageError, UnknownClassError } from '@easel/sdk/errors';
import { expect } from 'chai';
import sharp from 'sharp';
import {
  allPixels,
  type Colour,
  digestOf,
  type Files,
  image,
  rejection,
  tarOf,
  withFolder,
  writeFiles,
  writeTar,
} from './scratch.js';

const COLOURS: Record<string, Colour> = {
  blue: { r: 20, g: 30, b: 200 },
  green: { r: 20, g: 180, b: 40 },
  red: { r: 220, g: 10, b: 30 },
};

/** Three classes of 10 training and 4 test images, each of its class's colour but for a number in its green. */
async function colourFiles(prefix = ''): Promise<Files> {
  const files: Files = {};
  for (const [className, colour] of Object.entries(COLOURS)) {
    for (let i = 0; i < 14; i++) {
      const path = `${prefix}${i < 10 ? 'train' : 'test'}/${className}/${i}.png`;
      files[path] = await image({ ...colour, g: colour.g + i });
    }
  }
  return files;
}

const UNCACHED: DatasetOptions = { cacheFolder: null };

/** The mean colour of every image of a split. */
function colours({ test, resolution }: Dataset): number[][] {
  const pixels = allPixels(test, resolution);
  const bytes = resolution * resolution * 3;
  return Array.from({ length: test.size }, (_, i) =>
    [0, 1, 2].map((channel) => {
      const values = pixels.subarray(i * bytes, (i + 1) * bytes).filter((_, j) => j % 3 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    }),
  );
}

function digest({ train, validation, test, resolution }: Dataset): string {
  return digestOf(...[train, validation, test].map((split) => allPixels(split, resolution)));
}

describe('image folder', () => {
  let files: Files;
  before(async () => {
    files = await colourFiles();
  });

  it('reads classes, labels and pixels, and holds out a share of every class', () =>
    withFolder(async (folder) => {
      await writeFiles(folder, files);
      const dataset = await openDataset(folder, { ...UNCACHED, validationFraction: 0.2 });
      expect(dataset.classes).to.deep.equal(['blue', 'green', 'red']);
      expect(dataset.tasks).to.deep.equal({ all: ['blue', 'green', 'red'] });
      expect(dataset.resolution).to.equal(8);
      const { train, validation, test } = dataset;
      expect([...validation.labels]).to.deep.equal([0, 0, 1, 1, 2, 2]);
      expect([train.size, test.size]).to.deep.equal([24, 12]);
      const greens = new Set<number>();
      for (const split of [train, validation]) {
        const pixels = allPixels(split, 8);
        split.labels.forEach((label, i) => {
          const colour = Object.values(COLOURS)[label] as Colour;
          expect(pixels[i * 192]).to.equal(colour.r);
          expect(pixels[i * 192 + 2]).to.equal(colour.b);
          greens.add((pixels[i * 192 + 1] as number) + 1000 * label);
        });
      }
      expect(greens.size, 'no image is in both splits').to.equal(30);
      const again = await openDataset(folder, { ...UNCACHED, validationFraction: 0.2 });
      expect(digest(again)).to.equal(digest(dataset));
      const otherwise = await openDataset(folder, { ...UNCACHED, validationFraction: 0.2, seed: 9 });
      expect(digest(otherwise)).not.to.equal(digest(dataset));
    }));

  it('reads the same from a folder, a .tar, a .tar.gz and an archive with a folder around it', () =>
    withFolder(async (folder) => {
      await writeFiles(join(folder, 'colours'), files);
      const expected = await openDataset(join(folder, 'colours'), UNCACHED);
      const shuffled = Object.fromEntries(Object.entries(files).reverse());
      for (const path of [
        await writeTar(join(folder, 'colours.tar'), shuffled),
        await writeTar(join(folder, 'colours.tar.gz'), files),
        await writeTar(join(folder, 'colours.tgz'), await colourFiles('./')),
        await writeTar(join(folder, 'nested.tar'), { 'colours/': Buffer.alloc(0), ...(await colourFiles('colours/')) }),
      ]) {
        const progress: number[] = [];
        const onProgress = (done: number, total: number) => progress.push(done / total);
        const dataset = await openDataset(path, { ...UNCACHED, onProgress });
        expect(dataset.classes, path).to.deep.equal(expected.classes);
        expect(digest(dataset), path).to.equal(digest(expected));
        expect(dataset.train.labels).to.deep.equal(expected.train.labels);
        expect(progress).to.deep.equal(Array.from({ length: 42 }, (_, i) => (i + 1) / 42));
      }
    }));

  it('uses a validation folder where there is one, and ignores hidden and other files', () =>
    withFolder(async (folder) => {
      const junk = Buffer.from('not an image');
      await writeFiles(folder, {
        ...files,
        'val/blue/1.png': files['train/blue/0.png'] as Buffer,
        'val/green/1.png': files['train/green/0.png'] as Buffer,
        'val/red/1.png': files['train/red/0.png'] as Buffer,
        'train/red/._0.png': junk,
        'train/.DS_Store': junk,
        '.DS_Store': junk,
        '__MACOSX/train/red/._0.png': junk,
        'train/red/notes.txt': junk,
        'train/README.md': junk,
        LICENSE: junk,
      });
      const { train, validation } = await openDataset(folder, UNCACHED);
      expect([train.size, validation.size]).to.deep.equal([30, 3]);
      expect(allPixels(validation, 8).subarray(0, 3)).to.deep.equal(Uint8Array.from([20, 30, 200]));
    }));

  it('takes no folder for an image, whatever its name', () =>
    withFolder(async (folder) => {
      const named = {
        ...files,
        'train/red/more.png/notes.txt': Buffer.from('none'),
        'train/red/.png/': Buffer.alloc(0),
      };
      await writeFiles(join(folder, 'colours'), named);
      const expected = await openDataset(await writeTar(join(folder, 'plain.tar'), files), UNCACHED);
      for (const path of [join(folder, 'colours'), await writeTar(join(folder, 'named.tar'), named)]) {
        expect(digest(await openDataset(path, UNCACHED)), path).to.equal(digest(expected));
      }
    }));

  it('reads of an archive the last one of a path, as tar --append and --update write them', () =>
    withFolder(async (folder) => {
      const later = await image({ r: 1, g: 2, b: 3 });
      const expected = await openDataset(
        await writeTar(join(folder, 'once.tar'), { ...files, 'train/blue/0.png': later }),
        UNCACHED,
      );
      const path = join(folder, 'twice.tar');
      await writeFile(path, await tarOf(files, [{ name: './train/blue/0.png', content: later }]));
      const dataset = await openDataset(path, UNCACHED);
      expect(dataset.train.labels).to.deep.equal(expected.train.labels);
      expect(digest(dataset)).to.equal(digest(expected));
    }));

  it('reads hard links of an archive as the files that they are', () =>
    withFolder(async (folder) => {
      const expected = await openDataset(
        await writeTar(join(folder, 'files.tar'), {
          ...files,
          'train/red/linked.png': files['train/blue/3.png'] as Buffer,
        }),
        UNCACHED,
      );
      const path = join(folder, 'links.tar');
      const link = { name: 'train/red/linked.png', type: 'link', linkname: './train/blue/3.png' } as const;
      await writeFile(path, await tarOf(files, [link]));
      const dataset = await openDataset(path, UNCACHED);
      expect([dataset.train.size, dataset.validation.size]).to.deep.equal([28, 3]);
      expect(digest(dataset)).to.equal(digest(expected));
    }));

  it('decodes JPEG, PNG, WebP, grey, transparent, 16-bit, CMYK and turned images to upright RGB', () =>
    withFolder(async (folder) => {
      const grey = { create: { width: 8, height: 8, channels: 3, background: { r: 90, g: 90, b: 90 } } } as const;
      const clear = { ...COLOURS.red, alpha: 0 } as Colour & { alpha: number };
      // Left half black, right half white; the EXIF tag says: turn by 90 degrees to see it upright.
      const halves = sharp({ create: { width: 16, height: 8, channels: 3, background: '#fff' } }).composite([
        { input: await image({ r: 0, g: 0, b: 0 }), left: 0, top: 0 },
      ]);
      const turned = await halves.withMetadata({ orientation: 6 }).jpeg().toBuffer();
      const testImages: Record<string, Buffer> = {
        'a.JPG': await image(COLOURS.red as Colour, { format: 'jpeg' }),
        'b.webp': await image(COLOURS.red as Colour, { format: 'webp' }),
        'c.png': await sharp(grey).toColourspace('b-w').png().toBuffer(),
        'd.png': await sharp({ create: { width: 8, height: 8, channels: 4, background: clear } })
          .png()
          .toBuffer(),
        'e.png': await sharp(grey).toColourspace('rgb16').png().toBuffer(),
        'f.jpeg': await sharp(grey).toColourspace('cmyk').jpeg().toBuffer(),
        'g.jpg': turned,
      };
      const test = Object.fromEntries(
        Object.entries(testImages).map(([name, content]) => [`test/red/${name}`, content]),
      );
      const train = Object.fromEntries(
        ['train/red/0.png', 'train/red/1.png', 'train/teal/0.png', 'train/teal/1.png', 'test/teal/0.png'].map(
          (path) => [path, files['train/red/0.png']],
        ),
      );
      await writeFiles(folder, { ...test, ...train } as Files);
      const dataset = await openDataset(folder, UNCACHED);
      const means = colours(dataset);
      const near = (i: number, expected: number[], tolerance: number) =>
        expected.forEach((value, channel) => {
          expect(means[i]?.[channel], `image ${i} channel ${channel}`).to.be.closeTo(value, tolerance);
        });
      near(0, [220, 10, 30], 4);
      near(1, [220, 10, 30], 4);
      near(2, [90, 90, 90], 1);
      near(3, [255, 255, 255], 0);
      near(4, [90, 90, 90], 1);
      // There and back through a printer's colour profile.
      near(5, [90, 90, 90], 15);
      // Upright it is 8 wide and 16 high with black on top; the middle is cut out of it.
      const upright = allPixels(dataset.test, 8).subarray(6 * 192);
      expect(upright[0], 'top left').to.be.below(40);
      expect(upright[7 * 3], 'top right').to.be.below(40);
      expect(upright[7 * 24], 'bottom left').to.be.above(215);
    }));

  it('cuts out the middle square and scales it to the resolution', () =>
    withFolder(async (folder) => {
      const stripes = await sharp({ create: { width: 60, height: 20, channels: 3, background: '#00f' } })
        .composite([{ input: await image({ r: 255, g: 0, b: 0 }, { width: 20, height: 20 }), left: 20, top: 0 }])
        .png()
        .toBuffer();
      await writeFiles(folder, { ...files, 'test/red/10.png': stripes });
      const dataset = await openDataset(folder, { ...UNCACHED, resolution: 12 });
      expect(dataset.resolution).to.equal(12);
      expect(colours(dataset)[8]?.[0]).to.be.above(235);
    }));

  describe('cache', () => {
    it('gives the same bytes without decoding, until the source changes', () =>
      withFolder(async (folder) => {
        const path = await writeTar(join(folder, 'colours.tar'), files);
        const time = new Date(1_700_000_000_000);
        await utimes(path, time, time);
        const cacheFolder = join(folder, 'cache');
        const first = await openDataset(path, { cacheFolder });
        expect((await readdir(cacheFolder)).length).to.equal(1);

        // Of the same size and time, but nothing can be decoded from it any more.
        const { size } = await stat(path);
        await writeFile(path, Buffer.alloc(size));
        await utimes(path, time, time);
        const cached = await openDataset(path, { cacheFolder });
        expect(digest(cached)).to.equal(digest(first));
        expect(cached.classes).to.deep.equal(first.classes);
        await rejection(openDataset(path, UNCACHED), EaselError as never);

        const changed = { ...files, 'train/red/0.png': await image({ r: 1, g: 2, b: 3 }) };
        await writeTar(path, changed);
        const fresh = await openDataset(path, { cacheFolder });
        expect(digest(fresh)).not.to.equal(digest(first));
        expect((await readdir(cacheFolder)).length, 'the outdated file is replaced').to.equal(1);
      }));

    it('is not of an archive that was replaced while it was read', () =>
      withFolder(async (folder) => {
        const path = await writeTar(join(folder, 'colours.tar'), files);
        const cacheFolder = join(folder, 'cache');
        const changed = await tarOf({ ...files, 'train/red/0.png': await image({ r: 1, g: 2, b: 3 }) });
        const replacement = join(folder, 'replacement');
        await writeFile(replacement, changed);
        // File systems tell times apart by milliseconds only: both files may have been written within the same few.
        await utimes(replacement, new Date(), new Date(Date.now() + 60_000));
        const onProgress = (done: number) => done === 1 && renameSync(replacement, path);
        // Its images may be those of the one archive or of the other, as far as it has come; the next one's may not.
        await openDataset(path, { cacheFolder, onProgress });
        const expected = digest(await openDataset(path, { cacheFolder: null }));
        expect(digest(await openDataset(path, { cacheFolder }))).to.equal(expected);
      }));

    it('keeps resolutions apart and notices a changed file of a folder', () =>
      withFolder(async (folder) => {
        const path = await writeFiles(join(folder, 'colours'), files);
        const cacheFolder = join(folder, 'cache');
        const small = await openDataset(path, { cacheFolder, resolution: 4 });
        const large = await openDataset(path, { cacheFolder, resolution: 6 });
        expect([small.resolution, large.resolution]).to.deep.equal([4, 6]);
        expect((await openDataset(path, { cacheFolder, resolution: 4 })).resolution).to.equal(4);
        await writeFile(join(path, 'test/red/10.png'), await image({ r: 9, g: 9, b: 9 }));
        const changed = await openDataset(path, { cacheFolder, resolution: 4 });
        expect(colours(changed)[8]).to.deep.equal([9, 9, 9]);
      }));

    it('is rebuilt when damaged', () =>
      withFolder(async (folder) => {
        const path = await writeFiles(join(folder, 'colours'), files);
        const cacheFolder = join(folder, 'cache');
        const expected = digest(await openDataset(path, { cacheFolder }));
        const [name] = await readdir(cacheFolder);
        const file = join(cacheFolder, name as string);
        const intact = await readFile(file);
        const flipped = Buffer.from(intact);
        flipped[flipped.length - 5] = (flipped.at(-5) as number) ^ 1;
        const hugeHeader = Buffer.from(intact);
        hugeHeader.writeUInt32LE(0xffffffff, 8);
        for (const damaged of [flipped, hugeHeader, intact.subarray(0, 100), Buffer.from('junk'), Buffer.alloc(0)]) {
          await writeFile(file, damaged);
          expect(digest(await openDataset(path, { cacheFolder }))).to.equal(expected);
          expect((await readFile(file)).equals(intact)).to.equal(true);
        }
      }));

    it('is not needed: null writes none, and one that cannot be written only warns', () =>
      withFolder(async (folder) => {
        const path = await writeFiles(join(folder, 'colours'), files);
        await openDataset(path, UNCACHED);
        expect(await readdir(folder)).to.deep.equal(['colours']);
        await writeFile(join(folder, 'occupied'), '');
        const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
        expect((await openDataset(path, { cacheFolder: join(folder, 'occupied') })).train.size).to.equal(27);
        expect((await warning).message).to.include('occupied');
      }));
  });

  describe('bad input', () => {
    /** The files with some changed, added or (undefined) removed. */
    const changed = (changes: Record<string, Buffer | undefined>): Files =>
      Object.fromEntries(
        Object.entries({ ...files, ...changes }).filter((entry): entry is [string, Buffer] => entry[1] !== undefined),
      );
    const without = (prefix: string): Files =>
      Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith(prefix)));

    /** The same error from a folder and from an archive, with nothing left in the cache. */
    async function errorOf<E extends Error>(
      bad: Files,
      errorClass: new (...parameters: never[]) => E,
      options: DatasetOptions = {},
    ): Promise<E> {
      return withFolder(async (folder) => {
        const cacheFolder = join(folder, 'cache');
        await mkdir(cacheFolder);
        const archive = await writeTar(join(folder, 'bad.tar'), bad);
        await writeFiles(join(folder, 'bad'), bad);
        const fromArchive = await rejection(openDataset(archive, { ...options, cacheFolder }), errorClass as never);
        const fromFolder = await rejection(
          openDataset(join(folder, 'bad'), { ...options, cacheFolder }),
          errorClass as never,
        );
        // Without what the decoder says, which depends on what its threads do.
        const [inArchive, inFolder] = [fromArchive, fromFolder].map((error) => (error as Error).message.split(' (')[0]);
        expect(inFolder).to.equal(inArchive?.replaceAll('bad.tar', 'bad'));
        expect(await readdir(cacheFolder)).to.deep.equal([]);
        return fromFolder as E;
      });
    }

    it('a missing path, and a file that is no data set', () =>
      withFolder(async (folder) => {
        const missing = await rejection(openDataset(join(folder, 'none')), DatasetError);
        expect(missing.message).to.include('none').and.include('glyphs').and.include('train/CLASS');
        await writeFile(join(folder, 'a.zip'), 'PK');
        expect((await rejection(openDataset(join(folder, 'a.zip')), DatasetError)).message).to.include('.tar');
      }));

    it('no train or test split', async () => {
      const noTest = await errorOf(without('test/'), MissingSplitError);
      expect(noTest.split).to.equal('test');
      expect(noTest.message).to.include('"test"').and.include('found: train');
      expect((await errorOf(without('train/'), MissingSplitError)).split).to.equal('train');
      await withFolder((folder) => rejection(openDataset(folder), MissingSplitError));
    });

    it('a single class, which nothing can be told from', async () => {
      const error = await errorOf(
        { 'train/images/1.png': files['train/red/0.png'] as Buffer, 'test/x/1.png': Buffer.of() },
        DatasetError,
      );
      expect(error.message).to.include('a single class folder, "images"').and.include('two or more');
    });

    it('an empty class', async () => {
      const empty = without('test/red/');
      const error = await errorOf({ ...empty, 'test/red/': Buffer.alloc(0) }, EmptyClassError);
      expect([error.split, error.className]).to.deep.equal(['test', 'red']);
      const noImage = { ...without('train/red/'), 'train/red/a.gif': Buffer.from('GIF89a') };
      expect((await errorOf(noImage, EmptyClassError)).message)
        .to.include('train/red')
        .and.include('.webp');
    });

    it('a class in only one of the splits', async () => {
      const error = await errorOf(without('test/red/'), ClassMismatchError);
      expect([error.split, ...error.missing]).to.deep.equal(['test', 'red']);
      const extra = await errorOf(changed({ 'test/teal/1.png': files['test/red/10.png'] }), ClassMismatchError);
      expect([extra.split, ...extra.missing]).to.deep.equal(['train', 'teal']);
    });

    it('a class with too few images to hold one out', async () => {
      const one = { ...without('train/red/'), 'train/red/1.png': files['train/red/1.png'] as Buffer };
      await withFolder(async (folder) => {
        await writeFiles(folder, one);
        expect((await rejection(openDataset(folder, UNCACHED), DatasetError)).message).to.include('"red"');
      });
    });

    it('a truncated or undecodable image', async () => {
      const jpeg = await image(COLOURS.red as Colour, { format: 'jpeg', width: 64, height: 64 });
      for (const content of [jpeg.subarray(0, jpeg.length / 2), Buffer.from('no image'), Buffer.alloc(0)]) {
        const error = await errorOf(changed({ 'train/red/3.jpg': content }), ImageError);
        expect(error.message).to.include('train/red/3.jpg');
        expect(error.cause).to.be.instanceOf(Error);
      }
      const png = files['train/blue/0.png'] as Buffer;
      // The first image also decides the resolution.
      const first = await errorOf(changed({ 'train/blue/0.png': png.subarray(0, 20) }), ImageError);
      expect(first.message).to.include('train/blue/0.png');
      const cut = await errorOf(changed({ 'test/red/12.png': png.subarray(0, png.length - 30) }), ImageError);
      expect(cut.message).to.include('test/red/12.png');
    });

    it('a tasks file naming an unknown class, before anything is decoded', () =>
      withFolder(async (folder) => {
        const tasksFile = join(folder, 'tasks.json');
        await writeFile(tasksFile, JSON.stringify({ tasks: { warm: ['red', 'orange'] } }));
        const bad = changed({ 'train/red/3.png': Buffer.from('no image') });
        const error = await errorOf(bad, UnknownClassError, { tasksFile });
        expect(error.message).to.include('"orange"').and.include('blue, green, red').and.include('tasks.json');
      }));

    it('a link to nothing, and a file that goes while the folder is read', () =>
      withFolder(async (folder) => {
        await writeFiles(folder, files);
        await symlink('nowhere.png', join(folder, 'test/red/link.png'));
        const link = await rejection(openDataset(folder, UNCACHED), DatasetError);
        expect(link.message).to.include('test/red/link.png').and.include('link to nothing');
        await rm(join(folder, 'test/red/link.png'));
        const onProgress = (done: number) => done === 1 && rmSync(join(folder, 'train/red/9.png'), { force: true });
        const gone = await rejection(openDataset(folder, { ...UNCACHED, onProgress }), DatasetError);
        expect(gone.message).to.include('train/red/9.png').and.include('does not exist');
      }));

    it('an archive with symbolic links, or with a hard link to nothing', () =>
      withFolder(async (folder) => {
        const path = join(folder, 'links.tar');
        await writeFile(path, await tarOf(files, [{ name: 'train/teal', type: 'symlink', linkname: '../teal' }]));
        const symbolic = await rejection(openDataset(path, UNCACHED), DatasetError);
        expect(symbolic.message).to.include('train/teal').and.include('--dereference');
        await writeFile(path, await tarOf(files, [{ name: 'train/red/l.png', type: 'link', linkname: 'red.png' }]));
        const hard = await rejection(openDataset(path, UNCACHED), DatasetError);
        expect(hard.message).to.include('train/red/l.png').and.include('red.png');
        // Others are of no concern.
        await writeFile(path, await tarOf(files, [{ name: 'LICENSE', type: 'symlink', linkname: 'COPYING' }]));
        expect((await openDataset(path, UNCACHED)).test.size).to.equal(12);
      }));

    it('a truncated archive, and one that is none', () =>
      withFolder(async (folder) => {
        const path = await writeTar(join(folder, 'a.tar'), files);
        await truncate(path, ((await tarOf(files)).length / 2) & ~1);
        expect((await rejection(openDataset(path, UNCACHED), DatasetError)).message).to.include('a.tar');
        await writeFile(path, Buffer.from('no archive'.repeat(200)));
        expect((await rejection(openDataset(path, UNCACHED), DatasetError)).message).to.include('a.tar');
        const zipped = await writeTar(join(folder, 'b.tar.gz'), files);
        await truncate(zipped, 500);
        expect((await rejection(openDataset(zipped, UNCACHED), DatasetError)).message).to.include('b.tar.gz');
        await rm(path);
      }));
  });
});
