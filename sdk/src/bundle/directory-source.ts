import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BundleError } from '../errors/index.js';
import type { BundleSource } from './source.js';

/** A bundle in a folder. */
export function directorySource(directory: string): BundleSource {
  return {
    location: directory,
    async read(path) {
      try {
        return new Uint8Array(await readFile(join(directory, path)));
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        const problem = code === 'ENOENT' ? 'is missing' : `cannot be read (${message})`;
        throw new BundleError(
          path,
          code === 'ENOTDIR'
            ? `${directory} is a file; a bundle is the folder`
            : `${problem} in the bundle ${directory}`,
          { cause },
        );
      }
    },
  };
}
