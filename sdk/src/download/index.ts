import { DownloadError } from '../errors/index.js';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** 'no-cache' asks the server whether a copy that the browser kept is still the file. */
  readonly cache?: RequestCache | undefined;
  /** As bytes arrive: how many so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * A file by HTTP, in Node and in browsers.
 *
 * @throws DownloadError that says what the server or the page has to change
 * @throws the signal's reason once it is aborted
 */
export async function download(
  url: URL,
  { signal, cache = 'default', onBytes }: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: signal ?? null, cache }).catch(async (cause) => {
    signal?.throwIfAborted();
    throw new DownloadError(url, await (await explanations()).whyUnreachable(url), { cause, unreachable: true });
  });
  const reader = response.body?.getReader();
  try {
    // An answer such as 204 has no body.
    if (!response.ok || !reader || isWebPage(response)) {
      throw new DownloadError(url, (await explanations()).whyRefused(response));
    }
    return await readAll(url, reader, signal, onBytes);
  } finally {
    // Who stops reading early, or has no use for the answer, ends the download.
    await reader?.cancel().catch(() => undefined);
  }
}

/** Pages load them for failures only; one that lost its network may not have them. */
const explanations = () =>
  import('./explanations.js').catch(() => ({
    whyUnreachable: () => 'cannot be reached; check the address and the network',
    whyRefused: ({ status }: Response) => `the server answers ${status}`,
  }));

/** Instead of a file: the habit of development servers. */
function isWebPage({ headers }: Response): boolean {
  return !!headers.get('content-type')?.startsWith('text/html');
}

async function readAll(
  url: URL,
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
  onBytes: DownloadOptions['onBytes'],
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      signal?.throwIfAborted();
      const problem = `truncated: the connection broke after ${length} bytes; load it again`;
      throw new DownloadError(url, problem, { cause });
    });
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
    length += value.length;
    // What it throws is the caller's, and no failure of the download.
    onBytes?.(length);
  }
}
