import { join } from 'node:path';
import { build } from 'esbuild';
import { type Handler, root } from './site.js';

/**
 * A compiled file, by its path in the repository, with all that it imports, as one script. For a page, onnxruntime-web stays outside; workers
 * have no import map, so theirs must hold it.
 */
export async function bundlePage(file: string, { worker = false } = {}): Promise<Handler> {
  const { outputFiles } = await build({
    entryPoints: [join(root, file)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: worker ? [] : ['onnxruntime-web/*'],
    // Stack traces name the source, in the browser's console too.
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const code = outputFiles[0]?.contents as Uint8Array;
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(code);
  };
}
