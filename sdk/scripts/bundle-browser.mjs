// dist/easel.min.js: the SDK for pages without a bundler, in one file. onnxruntime-web stays outside; the page's import
// map says where it is.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

await build({
  entryPoints: [at('dist/index.js')],
  outfile: at('dist/easel.min.js'),
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  external: ['onnxruntime-web/*'],
  logLevel: 'warning',
});
