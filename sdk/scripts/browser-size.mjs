// What the SDK's own code weighs in a browser, gzipped, without onnxruntime-web: what every page loads, and the parts
// that are fetched when they are first used. The last line is JSON. `npm run size`
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { browserBuild } from './browser-build.mjs';

const gzipped = (contents) => gzipSync(contents, { level: 9 }).length;

/** Bundlers make files of their own of what is imported by `import()`. */
const lazyParts = [];
const leaveOutLazyParts = {
  name: 'leave-out-lazy-parts',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind }) => {
      if (kind !== 'dynamic-import') return undefined;
      lazyParts.push(path);
      return { path, external: true };
    });
  },
};

const options = { ...browserBuild, write: false };
const [core] = (await build({ ...options, plugins: [leaveOutLazyParts] })).outputFiles;
const [all] = (await build(options)).outputFiles;
const result = { core_bytes: gzipped(core.contents), all_bytes: gzipped(all.contents), target_bytes: 20_000 };
console.log(`every page: ${result.core_bytes} bytes gzipped (target: ${result.target_bytes})`);
console.log(`with all that is fetched when used (${lazyParts.join(', ')}): ${result.all_bytes} bytes`);
console.log(JSON.stringify(result));
