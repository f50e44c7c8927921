import { basename } from 'node:path';
import { DatasetError } from '../errors/index.js';
import type { Dataset, DatasetOptions, Tasks } from './dataset.js';
import { holdOut, PixelStore, type SlotsAndLabels, storedSplit } from './pixels.js';
import type { FileSource, SourceEntry } from './sources.js';
import { chooseTasks, readTasksFile } from './tasks.js';

/** One of the two binary formats of https://www.cs.toronto.edu/~kriz/cifar.html */
interface CifarFormat {
  readonly name: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Class names, one per line. */
  readonly classNames: string;
  /** Names of the superclasses, one per line. */
  readonly superclassNames?: string;
  /** Bytes before the pixels; the class is the last of them, its superclass the first of two. */
  readonly labelBytes: 1 | 2;
}

const FORMATS: readonly CifarFormat[] = [
  {
    name: 'cifar10',
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: ['test_batch.bin'],
    classNames: 'batches.meta.txt',
    labelBytes: 1,
  },
  {
    name: 'cifar100',
    train: ['train.bin'],
    test: ['test.bin'],
    classNames: 'fine_label_names.txt',
    superclassNames: 'coarse_label_names.txt',
    labelBytes: 2,
  },
];

const SIDE = 32;
const AREA = SIDE * SIDE;

/** The official files if `entries` look like them: the folder they lie in and their format. */
export function findCifar(entries: readonly SourceEntry[]): { folder: string; format: CifarFormat } | undefined {
  for (const format of FORMATS) {
    const first = format.train[0] as string;
    // One file of a set is enough to recognize it; the others are then missed by name.
    const marker = entries.find(({ path }) => basename(path) === first || basename(path) === format.test[0]);
    if (marker) return { folder: marker.path.slice(0, -basename(marker.path).length), format };
  }
  return undefined;
}

/** CIFAR-10 (one task, "all") or CIFAR-100 (a task per superclass) from the official binary files. */
export async function openCifar(
  source: FileSource,
  { folder, format }: { folder: string; format: CifarFormat },
  options: DatasetOptions = {},
): Promise<Dataset> {
  const tasksFile = options.tasksFile === undefined ? undefined : await readTasksFile(options.tasksFile);
  const resolution = options.resolution ?? tasksFile?.resolution ?? SIDE;
  const files = await readFiles(source, folder, format);
  const classes = namesIn(files.get(format.classNames) as Buffer);
  const recordBytes = format.labelBytes + AREA * 3;
  const batches = [...format.train, ...format.test].map((file) => {
    const content = files.get(file) as Buffer;
    if (content.length === 0 || content.length % recordBytes !== 0) {
      const problem = `is truncated: ${content.length} bytes are not whole records of ${recordBytes} bytes`;
      throw new DatasetError(`${source.path}: ${folder}${file}`, problem);
    }
    return { file, content, count: content.length / recordBytes };
  });
  const total = batches.reduce((sum, { count }) => sum + count, 0);
  const store = new PixelStore(total, resolution * resolution * 3);
  const resize = resolution === SIDE ? undefined : await resizer(resolution);
  const labels = new Int32Array(total);
  const superclasses = new Map<number, number>();
  let slot = 0;
  for (const { file, content, count } of batches) {
    for (let record = 0; record < count; record++, slot++) {
      const start = record * recordBytes;
      const label = content[start + format.labelBytes - 1] as number;
      if (label >= classes.length) {
        const problem = `image ${record} has label ${label}, but ${format.classNames} names ${classes.length} classes`;
        throw new DatasetError(`${source.path}: ${folder}${file}`, problem);
      }
      labels[slot] = label;
      if (format.labelBytes === 2) superclasses.set(label, content[start] as number);
      const planes = content.subarray(start + format.labelBytes, start + recordBytes);
      if (resize) store.image(slot).set(await resize(interleave(planes, new Uint8Array(AREA * 3))));
      else interleave(planes, store.image(slot));
      if ((slot + 1) % 1000 === 0 || slot + 1 === total) options.onProgress?.(slot + 1, total);
    }
  }
  const byDefault = format.superclassNames
    ? superclassTasks(classes, namesIn(files.get(format.superclassNames) as Buffer), superclasses)
    : { all: classes };
  const tasks = chooseTasks(tasksFile, format.name, classes, byDefault);
  const testSize = batches.filter(({ file }) => format.test.includes(file)).reduce((sum, { count }) => sum + count, 0);
  const slots = Int32Array.from(labels, (_, i) => i);
  const part = (from: number, to: number): SlotsAndLabels => ({
    slots: slots.slice(from, to),
    labels: labels.slice(from, to),
  });
  const { validationFraction: fraction = 0.1, seed = 0 } = options;
  const train = part(0, total - testSize);
  const { kept, heldOut } = holdOut(train, { fraction, seed, path: source.path, classes });
  const split = ({ slots, labels }: SlotsAndLabels) => storedSplit(store, slots, labels);
  return {
    name: format.name,
    classes,
    tasks,
    resolution,
    horizontalFlip: true,
    train: split(kept),
    validation: split(heldOut),
    test: split(part(total - testSize, total)),
  };
}

/** @throws DatasetError naming the files of the format that are missing. */
async function readFiles(source: FileSource, folder: string, format: CifarFormat): Promise<Map<string, Buffer>> {
  const names = [
    ...format.train,
    ...format.test,
    format.classNames,
    ...(format.superclassNames ? [format.superclassNames] : []),
  ];
  const files = new Map<string, Buffer>();
  await source.visit(
    (path) => path.startsWith(folder) && names.includes(path.slice(folder.length)),
    async (path, content) => {
      files.set(path.slice(folder.length), content);
    },
  );
  const missing = names.filter((name) => !files.has(name));
  if (missing.length > 0) {
    throw new DatasetError(
      source.path,
      `looks like ${format.name}, but lacks ${missing.map((file) => folder + file).join(', ')}`,
    );
  }
  return files;
}

function namesIn(content: Buffer): string[] {
  return content
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}

function superclassTasks(
  classes: readonly string[],
  superclassNames: readonly string[],
  superclassOf: ReadonlyMap<number, number>,
): Tasks {
  const tasks = superclassNames.map((name, superclass) => {
    const members = classes.filter((_, label) => superclassOf.get(label) === superclass);
    return [name, members] as const;
  });
  return Object.fromEntries(tasks.filter(([, members]) => members.length > 0));
}

/** [3, area] to [area, 3]. */
function interleave(planes: Uint8Array, target: Uint8Array): Uint8Array {
  for (let pixel = 0; pixel < AREA; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      target[pixel * 3 + channel] = planes[channel * AREA + pixel] as number;
    }
  }
  return target;
}

async function resizer(resolution: number): Promise<(pixels: Uint8Array) => Promise<Uint8Array>> {
  const { default: sharp } = await import('sharp');
  return (pixels) =>
    sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .resize(resolution, resolution)
      .raw()
      .toBuffer();
}
