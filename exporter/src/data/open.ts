import { stat } from 'node:fs/promises';
import { InvalidRequestError } from '@easel/sdk/errors';
import { DatasetError } from '../errors/index.js';
import { findCifar, openCifar } from './cifar.js';
import type { Dataset, DatasetOptions } from './dataset.js';
import { openGlyphs } from './glyphs/index.js';
import { decodeImageFolder, openCachedImageFolder } from './image-folder.js';
import { folderSource, tarSource } from './sources.js';

const VALID = '"glyphs", a folder or .tar of train/CLASS/*.jpg and test/CLASS/*.jpg, or CIFAR-10/100\'s binary files';

/**
 * `spec` is 'glyphs', or the path of an image folder or of CIFAR-10/100's official binary files; of both either as a
 * directory or as a .tar or .tar.gz.
 * @throws DatasetError and its kin, TasksFileError, ImageError, UnknownClassError (a tasks file), InvalidRequestError
 */
export async function openDataset(spec: string, options: DatasetOptions = {}): Promise<Dataset> {
  checkOptions(options);
  if (spec === 'glyphs') return openGlyphs(options);
  const stats = await stat(spec).catch((cause) => {
    throw new DatasetError(spec, `does not exist; a data set is ${VALID}`, { cause });
  });
  const isArchive = stats.isFile() && /\.(tar|tar\.gz|tgz)$/i.test(spec);
  if (!stats.isDirectory() && !isArchive) throw new DatasetError(spec, `is no data set; a data set is ${VALID}`);
  const source = isArchive ? tarSource(spec) : folderSource(spec);
  const cached = await openCachedImageFolder(source, options);
  if (cached) return cached;
  const cifar = findCifar(await source.list());
  return cifar ? openCifar(source, cifar, options) : decodeImageFolder(source, options);
}

function checkOptions({ resolution, validationFraction, seed }: DatasetOptions): void {
  if (resolution !== undefined && !(Number.isInteger(resolution) && resolution > 0)) {
    throw new InvalidRequestError('resolution', resolution, 'a positive integer (pixels)');
  }
  if (validationFraction !== undefined && !(validationFraction > 0 && validationFraction < 1)) {
    throw new InvalidRequestError('validationFraction', validationFraction, 'between 0 and 1, both excluded');
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new InvalidRequestError('seed', seed, 'an integer');
}
