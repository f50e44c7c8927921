import { DownloadError } from '../errors/index.js';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** As bytes arrive: how many so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * A file by HTTP, in Node and in browsers.
 *
 * @throws DownloadError that says what the server or the page has to change
 * @throws the signal's reason once it is aborted
 */
export async function download(url: URL, { signal, onBytes }: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const response = await reach(url, signal);
  if (!response.ok) {
    const status = `${response.status} ${response.statusText}`.trim();
    const advice = response.status === 404 ? '; check the address, and that the file was uploaded' : '';
    throw new DownloadError(url, `the server answers ${status}${advice}`);
  }
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    const habit = 'as development servers do for files that they do not have; check the address';
    throw new DownloadError(url, `the server answers with a web page instead of the file, ${habit}`);
  }
  return readBody(url, response, signal, onBytes);
}

async function reach(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DownloadError(url, await whyUnreachable(url), { cause, unreachable: true });
  }
}

async function readBody(
  url: URL,
  response: Response,
  signal: AbortSignal | undefined,
  onBytes: DownloadOptions['onBytes'],
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
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
  } finally {
    // Who stops reading early ends the download.
    await reader.cancel().catch(() => undefined);
  }
}

/** `fetch` tells scripts nothing but that it failed. */
async function whyUnreachable(url: URL): Promise<string> {
  const origin = (globalThis as { location?: { origin: string } }).location?.origin;
  if (origin === undefined || origin === url.origin) {
    return 'cannot be reached; check the address and the network';
  }
  const cors = `send the header Access-Control-Allow-Origin: ${origin} from there`;
  // A request whose answer stays hidden from the page goes through where only the header is missing.
  const isThere = await fetch(url, { mode: 'no-cors' }).then(
    () => true,
    () => false,
  );
  return isThere
    ? `its server does not allow this page to read it (CORS); ${cors}, or serve it from the page's own origin`
    : `cannot be reached; check the address, the network, and the page's Content-Security-Policy (connect-src); ` +
        `if the server is up, ${cors}`;
}
