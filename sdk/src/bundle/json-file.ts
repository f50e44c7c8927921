import { BundleError } from '../errors/index.js';
import { jsonIn } from './json.js';

/** @throws BundleError that says why a file of the bundle is not JSON */
export function parseJsonFile(file: string, bytes: Uint8Array): unknown {
  return jsonIn(bytes, (cause) => {
    throw new BundleError(file, `is not JSON (${(cause as Error).message})`, { cause });
  });
}
