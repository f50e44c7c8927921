import type { ListedFile } from './source.js';

/** Lower-case hexadecimal, by WebCrypto: Node and, on pages served by https or localhost, browsers. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @throws BundleError if the bytes are not those that the manifest lists. */
export async function verifyFile(file: string, bytes: Uint8Array<ArrayBuffer>, listed: ListedFile): Promise<void> {
  // Only https and localhost offer WebCrypto.
  const found = globalThis.crypto?.subtle && (await sha256(bytes));
  if (bytes.length === listed.bytes && found === listed.sha256) return;
  throw (await import('./thorough.js')).alteration(file, bytes, listed, found);
}
