import { basename, extname, resolve } from 'node:path';
import { ImageError } from '@easel/sdk/errors';
import { coverSquare, type Pixels } from '@easel/sdk/image';
import { decodeImageFile, defaultCacheFolder } from '@easel/sdk/node';
import { ClassMismatchError, DatasetError, EmptyClassError, MissingSplitError } from '../errors/index.js';
import { type CacheKey, type DecodedImages, readCache, writeCache } from './cache.js';
import type { Dataset, DatasetOptions } from './dataset.js';
import { holdOut, PixelStore, type SlotsAndLabels, storedSplit } from './pixels.js';
import type { FileSource, SourceEntry } from './sources.js';
import { chooseTasks, readTasksFile, type TasksFile } from './tasks.js';

export const IMAGE_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.webp'] as const;

/** Where no resolution is asked for, the first image decides, up to this side in pixels. */
const LARGEST_DEFAULT_RESOLUTION = 224;

/**
 * An image folder is split/class/image files, in a folder or a tar archive: train and test, and optionally validation
 * (or val), which is otherwise held out from train. The class names are the folders of train, sorted.
 * This answers undefined unless its decoded images are cached; a cached archive is not even listed.
 */
export async function openCachedImageFolder(
  source: FileSource,
  options: DatasetOptions = {},
): Promise<Dataset | undefined> {
  const { tasksFile, resolution, cacheFolder } = await readRequest(options);
  if (cacheFolder === null) return undefined;
  const images = await readCache(cacheFolder, await cacheKey(source, resolution));
  if (!images) return undefined;
  options.onProgress?.(images.store.count, images.store.count);
  return toDataset(source, images, tasksFile, options);
}

/** Lists and decodes an image folder, then caches it unless told not to. */
export async function decodeImageFolder(source: FileSource, options: DatasetOptions = {}): Promise<Dataset> {
  const { tasksFile, resolution, cacheFolder } = await readRequest(options);
  // As it was before anything was read: what changes meanwhile is read again the next time.
  const key = cacheFolder === null ? undefined : await cacheKey(source, resolution);
  const layout = await readLayout(source);
  // Before the long part, so that a wrong tasks file is told at once.
  chooseTasks(tasksFile, nameOf(source), layout.classes);
  const side = resolution ?? (await defaultResolution(source, layout));
  const images = await decodeAll(source, layout, side, options.onProgress);
  if (cacheFolder !== null && key) await writeCache(cacheFolder, key, images);
  return toDataset(source, images, tasksFile, options);
}

async function readRequest(options: DatasetOptions) {
  const tasksFile = options.tasksFile === undefined ? undefined : await readTasksFile(options.tasksFile);
  const resolution = options.resolution ?? tasksFile?.resolution;
  const cacheFolder = options.cacheFolder === undefined ? defaultCacheFolder() : options.cacheFolder;
  return { tasksFile, resolution, cacheFolder };
}

async function cacheKey(source: FileSource, resolution: number | undefined): Promise<CacheKey> {
  return { path: source.path, fingerprint: await source.fingerprint(), resolution: resolution ?? 'default' };
}

function nameOf(source: FileSource): string {
  return basename(resolve(source.path)).replace(/(\.tar|\.tar\.gz|\.tgz)$/i, '');
}

function toDataset(
  source: FileSource,
  images: DecodedImages,
  tasksFile: TasksFile | undefined,
  { validationFraction: fraction = 0.1, seed = 0 }: DatasetOptions,
): Dataset {
  const name = nameOf(source);
  const { classes, store } = images;
  const parts = splitSlots(images);
  const train = parts.train as SlotsAndLabels;
  const { kept, heldOut } = parts.validation
    ? { kept: train, heldOut: parts.validation }
    : holdOut(train, { fraction, seed, path: source.path, classes });
  const split = ({ slots, labels }: SlotsAndLabels) => storedSplit(store, slots, labels);
  return {
    name,
    classes,
    tasks: chooseTasks(tasksFile, name, classes),
    resolution: Math.sqrt(store.imageBytes / 3),
    horizontalFlip: true,
    train: split(kept),
    validation: split(heldOut),
    test: split(parts.test as SlotsAndLabels),
  };
}

/** Which files become which images. */
interface Layout {
  readonly classes: readonly string[];
  readonly counts: Record<string, number[]>;
  /** The slot of every image file, by its path in the source. */
  readonly slots: ReadonlyMap<string, number>;
}

const SPLIT_NAMES: Readonly<Record<string, readonly string[]>> = {
  train: ['train'],
  validation: ['validation', 'val', 'valid'],
  test: ['test'],
};

async function readLayout(source: FileSource): Promise<Layout> {
  const entries = await source.list();
  const paths = entries.map((entry) => entry.path);
  const root = rootFolder(paths);
  assertNoLinks(source.path, entries, root);
  const top = new Set(paths.map((path) => path.slice(root.length).split('/')[0] as string).filter(Boolean));
  const found = new Map<string, Map<string, string[]>>();
  for (const [split, names] of Object.entries(SPLIT_NAMES)) {
    const folder = names.find((name) => top.has(name) && paths.some((path) => path.startsWith(`${root}${name}/`)));
    if (folder) found.set(split, imagesOfSplit(source.path, paths, `${root}${folder}/`));
    else if (split !== 'validation') throw new MissingSplitError(source.path, split, [...top]);
  }
  const classes = [...(found.get('train') as Map<string, string[]>).keys()].sort();
  if (classes.length < 2) {
    const found = classes.length === 0 ? 'no class folder' : `a single class folder, "${classes[0]}"`;
    throw new DatasetError(source.path, `train holds ${found}; a folder of images for each of two or more is needed`);
  }
  const counts: Record<string, number[]> = {};
  const slots = new Map<string, number>();
  for (const [split, images] of found) {
    const missing = classes.filter((className) => !images.has(className));
    if (missing.length > 0) throw new ClassMismatchError(source.path, split, missing, 'train');
    const extra = [...images.keys()].filter((className) => !classes.includes(className));
    if (extra.length > 0) throw new ClassMismatchError(source.path, 'train', extra, split);
    counts[split] = classes.map((className) => {
      const files = images.get(className) as string[];
      for (const file of files) slots.set(file, slots.size);
      return files.length;
    });
  }
  return { classes, counts, slots };
}

/** A class, or an image, would be missing without a word. @throws DatasetError */
function assertNoLinks(source: string, entries: readonly SourceEntry[], root: string): void {
  const splits = Object.values(SPLIT_NAMES).flat();
  const link = entries.find(
    ({ path, isLink }) => isLink && splits.includes(path.slice(root.length).split('/')[0] ?? ''),
  );
  if (link) {
    const problem =
      'is a symbolic link, which is not followed in an archive; pack the files themselves: tar --dereference';
    throw new DatasetError(`${source}: ${link.path}`, problem);
  }
}

/** Archives often hold everything in one folder: "pets/train/cat/1.jpg". */
function rootFolder(paths: readonly string[]): string {
  const tops = new Set(paths.map((path) => path.split('/')[0]));
  const [only] = tops;
  const isSplit = Object.values(SPLIT_NAMES)
    .flat()
    .includes(only ?? '');
  return tops.size === 1 && only !== undefined && !isSplit && paths.some((p) => p.startsWith(`${only}/`))
    ? `${only}/`
    : '';
}

/** Class name → its image files. Sorted paths in, sorted paths out. */
function imagesOfSplit(source: string, paths: readonly string[], folder: string): Map<string, string[]> {
  const classes = new Map<string, string[]>();
  for (const path of paths) {
    if (!path.startsWith(folder)) continue;
    const [className, ...rest] = path.slice(folder.length).split('/');
    if (!className || rest.length === 0) continue;
    const images = classes.get(className) ?? [];
    classes.set(className, images);
    if (isImage(path)) images.push(path);
  }
  for (const [className, images] of classes) {
    const split = folder.split('/').at(-2) as string;
    if (images.length === 0) throw new EmptyClassError(source, split, className, IMAGE_EXTENSIONS);
  }
  return classes;
}

function isImage(path: string): boolean {
  // Folders may be named like files.
  return !path.endsWith('/') && (IMAGE_EXTENSIONS as readonly string[]).includes(extname(path).toLowerCase());
}

async function decodeAll(
  source: FileSource,
  { classes, counts, slots }: Layout,
  resolution: number,
  onProgress?: DatasetOptions['onProgress'],
): Promise<DecodedImages> {
  const store = new PixelStore(slots.size, resolution * resolution * 3);
  let done = 0;
  await source.visit(
    (path) => slots.has(path),
    async (path, content) => {
      store.image(slots.get(path) as number).set(await decode(`${source.path}: ${path}`, content, resolution));
      done++;
      onProgress?.(done, slots.size);
    },
  );
  if (done < slots.size) {
    throw new DatasetError(source.path, `changed while it was read: ${slots.size - done} of its images were not found`);
  }
  return { classes, counts, store };
}

/** RGB bytes [resolution, resolution, 3], as devices see images: by the SDK's own decoder and scaling. */
async function decode(name: string, content: Buffer, resolution: number): Promise<Pixels['data']> {
  try {
    return coverSquare(await decodeImageFile(content), resolution).data;
  } catch (cause) {
    if (!(cause instanceof ImageError)) throw cause;
    throw new ImageError(name, cause.problem, { cause });
  }
}

/** The shorter side of the first image, within limits. */
async function defaultResolution(source: FileSource, layout: Layout): Promise<number> {
  const first = layout.slots.keys().next().value;
  const { default: sharp } = await import('sharp');
  let side = LARGEST_DEFAULT_RESOLUTION;
  await source.visit(
    (path) => path === first,
    async (path, content) => {
      const metadata = await sharp(content)
        .metadata()
        .catch((cause) => {
          throw new ImageError(`${source.path}: ${path}`, `cannot be decoded (${cause.message.trim()})`, { cause });
        });
      side = Math.min(side, metadata.width, metadata.height);
    },
  );
  return side;
}

/** Slots are numbered split after split and class after class. */
function splitSlots({ counts }: DecodedImages): Record<string, SlotsAndLabels> {
  let slot = 0;
  return Object.fromEntries(
    Object.entries(counts).map(([split, perClass]) => {
      const labels = Int32Array.from(perClass.flatMap((count, label) => new Array<number>(count).fill(label)));
      const slots = Int32Array.from(labels, () => slot++);
      return [split, { slots, labels }];
    }),
  );
}
