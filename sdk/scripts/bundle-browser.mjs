// dist/easel.min.js: the SDK for pages without a bundler, in one file. onnxruntime-web stays outside; the page's import
// map says where it is.
import { build } from 'esbuild';
import { browserBuild, browserFile } from './browser-build.mjs';

await build({ ...browserBuild, outfile: browserFile, sourcemap: true });
