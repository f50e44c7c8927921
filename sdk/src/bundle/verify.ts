import { BundleError } from '../errors/index.js';
import type { ListedFile } from './source.js';

/** Lower-case hexadecimal, by WebCrypto: Node and, on pages served by https or localhost, browsers. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @throws BundleError if the bytes are not those that the manifest lists. */
export async function verifyFile(file: string, bytes: Uint8Array<ArrayBuffer>, listed: ListedFile): Promise<void> {
  if (bytes.length < listed.bytes) {
    throw new BundleError(file, `is truncated: ${bytes.length} bytes of ${listed.bytes}; copy the bundle again`);
  }
  if (bytes.length > listed.bytes) {
    throw new BundleError(file, `has ${bytes.length} bytes where the manifest lists ${listed.bytes}; it was altered`);
  }
  if (globalThis.crypto?.subtle === undefined) {
    const where = 'browsers offer SHA-256 only to pages from https or localhost; serve this page that way';
    throw new BundleError(file, `cannot be verified: ${where}`);
  }
  const found = await sha256(bytes);
  if (found !== listed.sha256) {
    throw new BundleError(file, `was altered: its SHA-256 is ${found}, the manifest lists ${listed.sha256}`);
  }
}
