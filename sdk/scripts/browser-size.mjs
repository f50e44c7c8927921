// What the SDK's own code weighs in a browser, gzipped, without onnxruntime-web: what every page fetches, which suffices
// from Easel.load to images classified within a latency, and the parts that are fetched when they are first used. The last
// line is JSON. `npm run size`; with --modules, also what each module takes of it, before it is compressed
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildForBrowsers } from './browser-build.mjs';

const files = await buildForBrowsers();
const gzipped = (some) => some.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
const core = files.filter(({ isCore }) => isCore);
const parts = files.filter(({ isCore }) => !isCore);
const list = (some) => some.map((file) => `${basename(file.name).replace(/-.*/, '')} ${gzipped([file])}`).join(', ');
const result = { core_bytes: gzipped(core), all_bytes: gzipped(files), target_bytes: 20_000 };
console.log(`every page: ${result.core_bytes} bytes gzipped (target: ${result.target_bytes}): ${list(core)}`);
console.log(`with all that is fetched when used: ${result.all_bytes} bytes: ${list(parts)}`);
if (process.argv.includes('--modules')) {
  const modules = core.flatMap((file) => file.modules).sort(([, a], [, b]) => b - a);
  for (const [id, bytes] of modules) console.log(`${String(bytes).padStart(7)} ${id.replace(/.*[\\/]dist[\\/]/, '')}`);
}
console.log(JSON.stringify(result));
