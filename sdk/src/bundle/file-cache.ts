import type { ListedFile } from './source.js';
import { verifyFile } from './verify.js';

/** Files of bundles in the browser's Cache Storage, each under its address and its checksum. */
export interface FileCache {
  /** Only what still is what the manifest lists; without an entry of a manifest, the last copy. */
  get(url: URL, listed?: ListedFile): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps a file, if it is what the manifest lists, in place of its earlier versions. Never fails. */
  put(url: URL, bytes: Uint8Array<ArrayBuffer>, listed?: ListedFile): Promise<void>;
}

/** The version is that of the way in which files are kept. */
const cacheName = 'easel-bundles-v1';

/**
 * Nothing where there is no Cache Storage: in Node and on pages without https.
 * @throws SecurityError where a user, or a sandbox around the page, forbids it: already for naming it
 */
export async function openFileCache(): Promise<FileCache | undefined> {
  const cache = await globalThis.caches?.open(cacheName);
  if (!cache) return undefined;
  return {
    async get(url, listed) {
      try {
        const response = await cache.match(key(url, listed));
        if (!response) return undefined;
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (listed) await verifyFile(url.pathname, bytes, listed);
        return bytes;
      } catch {
        return undefined;
      }
    },
    async put(url, bytes, listed) {
      try {
        if (listed) await verifyFile(url.pathname, bytes, listed);
        const wanted = key(url, listed);
        await cache.put(wanted, new Response(bytes));
        for (const { url: stored } of await cache.keys(url.href, { ignoreSearch: true })) {
          if (stored !== wanted) await cache.delete(stored);
        }
      } catch {
        // A full disk, or bytes that whoever asked for them will refuse: nothing to keep.
      }
    },
  };
}

function key(url: URL, listed: ListedFile | undefined): string {
  const keyed = new URL(url);
  keyed.search = '';
  if (listed) keyed.searchParams.set('sha256', listed.sha256);
  return keyed.href;
}
