import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { DeviceError } from '../../errors/index.js';
import { readBody } from '../http-body.js';
import { reachableHost } from '../reachable-host.js';
import type { Job, Report } from './job.js';

export interface PageServer {
  /** Where the page is; whoever knows it may report. */
  readonly url: string;
  close(): Promise<void>;
}

const require = createRequire(import.meta.url);
const ortFolder = dirname(require.resolve('onnxruntime-web'));

export function webRuntimeVersion(): string {
  // Its package.json is not among its exports.
  const { version } = JSON.parse(readFileSync(join(ortFolder, '../package.json'), 'utf8')) as { version: string };
  return version;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A profile weighs some 20 kB; no report is longer than this. */
const longestReport = 4 * 2 ** 20;

/**
 * Serves the page that measures the browser it is opened in.
 *
 * @param host which of this machine's addresses to listen on
 * @param program the compiled file, beside this one, that the page runs
 * @param model what the page gets as `model`, each time it asks
 * @param onReport called for everything that the page tells; what it throws becomes the answer
 * @throws DeviceError if the address is taken or not this machine's
 */
export async function servePage(
  job: Job,
  {
    host,
    port = 0,
    program = 'page.js',
    model,
    onReport,
  }: {
    host: string;
    port?: number;
    program?: string;
    model?: () => Uint8Array;
    onReport: (report: Report) => void;
  },
): Promise<PageServer> {
  const script = await bundlePage(program);
  // Nobody else in the network should be able to post a profile.
  const base = `/${randomBytes(9).toString('base64url')}/`;
  const unsent = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    unsent.add(response);
    response.once('close', () => unsent.delete(response));
    answer(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy(error);
      else response.writeHead(400, { 'Content-Type': 'text/plain' }).end(error.message);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // Without these, a page has no threads.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    const path = pathname.startsWith(base) ? pathname.slice(base.length) : undefined;
    const send = (type: string, content: string | Uint8Array) =>
      response.writeHead(200, { 'Content-Type': type }).end(content);
    if (path === '') send('text/html; charset=utf-8', html);
    else if (path === 'page.js') send('text/javascript', script);
    else if (path === 'job') send('application/json', JSON.stringify(job));
    else if (path === 'model' && model) send('application/octet-stream', model());
    else if (path === 'report' && request.method === 'POST') {
      onReport(JSON.parse((await readBody(request, longestReport)).toString()) as Report);
      response.writeHead(204).end();
    } else {
      const file = path?.startsWith('ort/') ? join(ortFolder, normalize(`/${path.slice(4)}`)) : undefined;
      const content = file && (await readFile(file).catch(() => undefined));
      if (content) send(contentTypes[extname(file)] ?? 'application/octet-stream', content);
      else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('there is no such file');
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) => reject(new DeviceError(`cannot listen on ${host}:${port} (${message})`)));
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${reachableHost(host)}:${(server.address() as AddressInfo).port}${base}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // Whoever sent the last report waits for its answer; a device that has gone is not waited for.
      const flushed = [...unsent].map((response) => new Promise((resolve) => response.once('close', resolve)));
      await Promise.race([Promise.all(flushed), setTimeout(1000, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The page's program with all that it imports, as one script; onnxruntime-web stays outside. */
async function bundlePage(program: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./${program}`, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['onnxruntime-web/*'],
    logLevel: 'silent',
  });
  return outputFiles[0]?.contents as Uint8Array;
}

const imports = {
  'onnxruntime-web/wasm': './ort/ort.wasm.bundle.min.mjs',
  'onnxruntime-web/webgpu': './ort/ort.webgpu.bundle.min.mjs',
};
const html = `<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Easel measures this browser</title>
<link rel="icon" href="data:,">
<style>body { font: 1.1rem/1.5 system-ui; margin: 2rem; max-width: 40rem; color-scheme: light dark }</style>
<script type="importmap">${JSON.stringify({ imports })}</script>
<h1>Easel</h1>
<script type="module" src="page.js"></script>
`;
