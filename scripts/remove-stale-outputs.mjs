// Removes what tsc once wrote for sources that are gone: tsc never does, and mocha would go on running deleted tests.
// Looks into every project that the root's tsconfig.json refers to. Usage: node remove-stale-outputs.mjs [root]
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

for (const { path } of read(join(root, 'tsconfig.json')).references) {
  const config = path.endsWith('.json') ? join(root, path) : join(root, path, 'tsconfig.json');
  const { rootDir, outDir } = read(config).compilerOptions;
  if (outDir === undefined) continue;
  const [sources, outputs] = [rootDir, outDir].map((folder) => join(dirname(config), folder));
  if (existsSync(outputs)) removeStale(sources, outputs);
}

/** Whatever tsc writes has a declaration beside it; other tools' outputs, such as bundles, have none. */
function removeStale(sources, outputs) {
  for (const file of readdirSync(outputs, { recursive: true })) {
    const name = /^(.*)\.d\.ts$/.exec(file)?.[1];
    if (name === undefined || ['.ts', '.tsx'].some((ending) => existsSync(join(sources, name + ending)))) continue;
    for (const ending of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(join(outputs, name + ending), { force: true });
  }
}
