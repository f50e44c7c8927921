import { download } from '../download/index.js';
import { BundleError, DownloadError } from '../errors/index.js';
import { openFileCache } from './file-cache.js';
import type { BundleSource } from './source.js';

export interface HttpSourceOptions {
  /** Keep verified files in the browser's Cache Storage. Node has none. Default: true. */
  readonly cache?: boolean | undefined;
}

/**
 * A bundle on a web server. Files that were verified once are kept under their checksum, so that they need no network
 * again; of the manifest, the last copy serves while the server cannot be reached.
 *
 * @param base the bundle's folder, with or without a slash at the end; a query is sent with every file
 */
export function httpSource(base: URL, { cache = true }: HttpSourceOptions = {}): BundleSource {
  const opened = cache ? openFileCache().catch(() => undefined) : undefined;
  return {
    location: base.href,
    async read(path, { signal, onBytes, listed } = {}) {
      const url = new URL(base);
      url.pathname = `${url.pathname.replace(/\/?$/, '/')}${path}`;
      const files = await opened;
      const kept = listed && (await files?.get(url, listed));
      if (kept) {
        onBytes?.(kept.length, true);
        return kept;
      }
      try {
        // A server may let browsers keep files for long: of a bundle that was replaced, some would be old.
        const bytes = await download(url, { signal, cache: 'no-cache', onBytes: (count) => onBytes?.(count, false) });
        await files?.put(url, bytes, listed);
        return bytes;
      } catch (cause) {
        if (!(cause instanceof DownloadError)) throw cause;
        const last = !listed && cause.unreachable ? await files?.get(url) : undefined;
        if (last) return last;
        throw new BundleError(path, cause.message, { cause });
      }
    },
  };
}
