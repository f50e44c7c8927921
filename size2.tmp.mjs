import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const groups = {
  valibot: /^valibot$/,
  knapsack: /\/(bounds|search|extension|entries|relaxation|flat-costs)\.js$/,
  decode: /generator.*\/decode\.js|^\.\/decode\.js$/,
  onnx: /onnx\/index\.js$/,
  space: /space\/index\.js$/,
  image: /image\/(web|index)\.js/,
  runtime: /runtime\/(web|index)\.js/,
  bundle: /bundle\/index\.js/,
  profile: /profile\/index\.js/,
  errors: /errors\/index\.js/,
  subnet: /subnet\/index\.js/,
  generator: /generator\/index\.js/,
  download: /download/,
};
const size = async (re) => {
  const r = await build({
    entryPoints: ['sdk/dist/index.js'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    external: ['onnxruntime-web/*'],
    plugins: re
      ? [
          {
            name: 'h',
            setup(b) {
              b.onResolve({ filter: re }, (a) =>
                a.kind === 'entry-point' ? undefined : { path: a.path, external: true },
              );
            },
          },
        ]
      : [],
  });
  const c = r.outputFiles[0].contents;
  return [c.length, gzipSync(c, { level: 9 }).length];
};
const all = await size();
console.log(all);
for (const [n, re] of Object.entries(groups)) {
  const s = await size(re);
  console.log(n.padEnd(10), all[0] - s[0], all[1] - s[1]);
}
