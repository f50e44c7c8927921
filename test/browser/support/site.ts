import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** From test/dist/browser/support. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));
export const ortFolder = join(root, 'node_modules/onnxruntime-web/dist');

/** Without these, a page has no threads. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.css': 'text/css',
};

/**
 * A web server on a port of its own. What it serves are folders under the beginnings of paths; `handlers`, by exact
 * path, come before them and may change at any time. It counts what was asked for.
 */
export class Site {
  readonly handlers = new Map<string, Handler>();
  readonly requests: string[] = [];
  /** Sent with everything. */
  headers: Readonly<Record<string, string>> = isolation;
  readonly #folders: Readonly<Record<string, string>>;
  #server: Server | undefined;
  #port = 0;

  /** @param folders from the beginning of a path, such as `/ort/`, to a folder */
  constructor(folders: Readonly<Record<string, string>>) {
    this.#folders = folders;
  }

  get origin(): string {
    return `http://localhost:${this.#port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url as string, this.origin).pathname;
    this.requests.push(path);
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
    const handler = this.handlers.get(path);
    if (handler) return handler(request, response);
    const start = Object.keys(this.#folders).find((beginning) => path.startsWith(beginning));
    const file = start && join(this.#folders[start] as string, normalize(`/${path.slice(start.length)}`));
    const content = file ? await readFile(file).catch(() => undefined) : undefined;
    if (!content) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('there is no such file');
      return;
    }
    const type = contentTypes[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': content.length }).end(content);
  }
}

/** A page whose import map says where onnxruntime-web is; empty but for a module of its own, if any. */
export function servePage(
  response: ServerResponse,
  { imports = {}, script = '' }: { imports?: Readonly<Record<string, string>>; script?: string } = {},
): void {
  const map = {
    'onnxruntime-web/wasm': '/ort/ort.wasm.bundle.min.mjs',
    'onnxruntime-web/webgpu': '/ort/ort.webgpu.bundle.min.mjs',
    ...imports,
  };
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(
    `<!doctype html><title>Easel</title><link rel="icon" href="data:,">` +
      `<script type="importmap">${JSON.stringify({ imports: map })}</script><script type="module">${script}</script>`,
  );
}

export const emptyPage: Handler = (_, response) => servePage(response);
