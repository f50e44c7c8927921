import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const stub = process.argv.includes('stub');
const r = await build({
  entryPoints: ['sdk/dist/index.js'],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  write: false,
  metafile: true,
  external: ['onnxruntime-web/*'],
  plugins: stub
    ? [
        {
          name: 'h',
          setup(b) {
            b.onResolve({ filter: /^valibot$/ }, () => ({ path: 'valibot', external: true }));
          },
        },
      ]
    : [],
});
const code = r.outputFiles[0].contents;
console.log(code.length, gzipSync(code, { level: 9 }).length, 'br', brotliCompressSync(code).length);
const o = Object.values(r.metafile.outputs)[0].inputs;
for (const [k, v] of Object.entries(o)
  .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
  .slice(0, 60))
  console.log(v.bytesInOutput, k);
