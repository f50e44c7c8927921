import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Options of esbuild for the SDK as a browser loads it; onnxruntime-web stays outside. */
export const browserBuild = {
  entryPoints: [at('dist/index.js')],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  external: ['onnxruntime-web/*'],
  logLevel: 'warning',
};

export const browserFile = at('dist/easel.min.js');
