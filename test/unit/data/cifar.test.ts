import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { DatasetError, TasksFileError } from '@easel/exporter/errors';
import { UnknownClassError } from '@easel/sdk/errors';
import { expect } from 'chai';
import { allPixels, digestOf, type Files, rejection, withFolder, writeFiles, writeTar } from './scratch.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const PER_BATCH = 40;

/** One record: its label bytes, then the planes of red, green and blue; here red tells the image, green the place. */
function record(labels: number[], image: number): Buffer {
  const bytes = Buffer.alloc(labels.length + 3072);
  bytes.set(labels);
  for (let pixel = 0; pixel < 1024; pixel++) {
    bytes[labels.length + pixel] = image % 256;
    bytes[labels.length + 1024 + pixel] = pixel % 251;
    bytes[labels.length + 2048 + pixel] = labels.at(-1) as number;
  }
  return bytes;
}

/** The official layout of cifar-10-binary.tar.gz, with fewer images. */
function cifar10(): Files {
  const batch = (first: number) =>
    Buffer.concat(Array.from({ length: PER_BATCH }, (_, i) => record([(i * 3) % 10], first + i)));
  const files: Files = {
    'cifar-10-batches-bin/batches.meta.txt': Buffer.from(`${CLASSES.join('\n')}\n\n`),
    'cifar-10-batches-bin/readme.html': Buffer.from('<html>'),
    'cifar-10-batches-bin/test_batch.bin': batch(5 * PER_BATCH),
  };
  for (let i = 0; i < 5; i++) files[`cifar-10-batches-bin/data_batch_${i + 1}.bin`] = batch(i * PER_BATCH);
  return files;
}

/** The official layout of cifar-100-binary.tar.gz; here class c belongs to superclass c % 20. */
function cifar100(): Files {
  const images = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => record([(i % 100) % 20, i % 100], i)));
  return {
    'cifar-100-binary/coarse_label_names.txt': Buffer.from(
      Array.from({ length: 20 }, (_, i) => `superclass${i}\n`).join(''),
    ),
    'cifar-100-binary/fine_label_names.txt': Buffer.from(Array.from({ length: 100 }, (_, i) => `class${i}\n`).join('')),
    'cifar-100-binary/train.bin': images(200),
    'cifar-100-binary/test.bin': images(100),
  };
}

describe('CIFAR binary files', () => {
  it('reads CIFAR-10: names, labels, pixels, splits', () =>
    withFolder(async (folder) => {
      await writeFiles(folder, cifar10());
      const dataset = await openDataset(join(folder, 'cifar-10-batches-bin'));
      expect(dataset.name).to.equal('cifar10');
      expect(dataset.classes).to.deep.equal(CLASSES);
      expect(dataset.tasks).to.deep.equal({ all: CLASSES });
      expect(dataset.horizontalFlip).to.equal(true);
      const { train, validation, test } = dataset;
      expect([train.size, validation.size, test.size]).to.deep.equal([180, 20, 40]);
      const seen = new Set<number>();
      for (const split of [train, validation, test]) {
        const pixels = allPixels(split, 32);
        for (let image = 0; image < split.size; image++) {
          const start = image * 3072;
          seen.add(pixels[start] as number);
          expect(pixels[start + 3 * 700 + 1]).to.equal(700 % 251);
          expect(pixels[start + 2]).to.equal(split.labels[image]);
        }
      }
      expect(seen.size, 'every image is in one split').to.equal(6 * PER_BATCH);
      const testReds = allPixels(test, 32).filter((_, i) => i % 3072 === 0);
      expect([...testReds]).to.deep.equal(Array.from({ length: PER_BATCH }, (_, i) => 200 + i));
    }));

  it('holds out validation images of every class by the seed', () =>
    withFolder(async (folder) => {
      await writeFiles(folder, cifar10());
      const digest = async (seed: number) => {
        const { validation } = await openDataset(folder, { seed, validationFraction: 0.2 });
        expect(validation.size).to.equal(40);
        const perClass = CLASSES.map((_, label) => validation.labels.filter((other) => other === label).length);
        expect(perClass).to.deep.equal(new Array(10).fill(4));
        return digestOf(allPixels(validation, 32));
      };
      expect(await digest(1)).to.equal(await digest(1));
      expect(await digest(1)).not.to.equal(await digest(2));
    }));

  it('reads the same from a .tar.gz', () =>
    withFolder(async (folder) => {
      await writeFiles(folder, cifar10());
      const path = await writeTar(join(folder, 'cifar-10-binary.tar.gz'), cifar10());
      const fromFolder = await openDataset(join(folder, 'cifar-10-batches-bin'));
      const fromArchive = await openDataset(path);
      expect(digestOf(allPixels(fromArchive.train, 32))).to.equal(digestOf(allPixels(fromFolder.train, 32)));
      expect(fromArchive.test.labels).to.deep.equal(fromFolder.test.labels);
    }));

  it("makes CIFAR-100's superclasses the tasks", () =>
    withFolder(async (folder) => {
      await writeFiles(folder, cifar100());
      const dataset = await openDataset(folder);
      expect(dataset.name).to.equal('cifar100');
      expect(dataset.classes.length).to.equal(100);
      expect(Object.keys(dataset.tasks).length).to.equal(20);
      expect(dataset.tasks.superclass7).to.deep.equal(['class7', 'class27', 'class47', 'class67', 'class87']);
      expect([...dataset.test.labels]).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
      expect([dataset.train.size, dataset.validation.size]).to.deep.equal([100, 100]);
    }));

  it('resizes when asked, and takes tasks from a file', () =>
    withFolder(async (folder) => {
      await writeFiles(folder, cifar10());
      const tasksFile = join(folder, 'tasks.json');
      await writeFile(tasksFile, JSON.stringify({ tasks: { pets: ['cat', 'dog'] } }));
      const { test, resolution, tasks } = await openDataset(folder, { resolution: 16, tasksFile });
      expect(resolution).to.equal(16);
      expect(tasks).to.deep.equal({ pets: ['cat', 'dog'] });
      expect(allPixels(test, 16)[0]).to.equal(200);
      await writeFile(tasksFile, JSON.stringify({ tasks: { pets: ['cat', 'hamster'] } }));
      const error = await rejection(openDataset(folder, { tasksFile }), UnknownClassError);
      expect(error.className).to.equal('hamster');
      await rejection(openDataset(folder, { tasksFile: join(folder, 'none.json') }), TasksFileError);
    }));

  it('names a missing or truncated file, and a label without a name', () =>
    withFolder(async (folder) => {
      const files = cifar10();
      const { 'cifar-10-batches-bin/data_batch_3.bin': _, ...incomplete } = files;
      await writeFiles(join(folder, 'a'), incomplete);
      expect((await rejection(openDataset(join(folder, 'a')), DatasetError)).message).to.include('data_batch_3.bin');

      await writeFiles(join(folder, 'b'), files);
      await truncate(join(folder, 'b/cifar-10-batches-bin/data_batch_2.bin'), 5000);
      const truncated = await rejection(openDataset(join(folder, 'b')), DatasetError);
      expect(truncated.message).to.include('data_batch_2.bin').and.include('truncated');

      await writeFiles(join(folder, 'c'), { ...files, 'cifar-10-batches-bin/test_batch.bin': record([10], 0) });
      expect((await rejection(openDataset(join(folder, 'c')), DatasetError)).message).to.include('label 10');
    }));
});
