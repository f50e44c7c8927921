import { readFile } from 'node:fs/promises';
import { directorySource } from '../bundle/directory-source.js';
import { ProfileError } from '../errors/index.js';
import type { Host } from '../host/index.js';
import { decodeImageFile } from '../image/node.js';
import { nodeRuntime } from '../runtime/node.js';

export { decodeImageFile, directorySource, nodeRuntime };

/** Node: files, sharp, onnxruntime-node. */
export const host: Host = {
  runtime: nodeRuntime,
  openBundle: directorySource,
  decodeImage: decodeImageFile,
  readProfile,
};

/** @throws ProfileError if the file cannot be read or is not JSON. */
async function readProfile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ProfileError(path, code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`, { cause });
  }
}
