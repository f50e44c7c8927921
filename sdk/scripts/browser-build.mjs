import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const common = { input: { 'easel.min': at('dist/index.js') }, cwd: at('.'), platform: 'browser' };

/** Where the parts are that a page fetches besides the first file. */
export const partsFolder = at('dist/parts');
export const outputFolder = at('dist');

/**
 * The SDK for pages without a bundler: easel.min.js, which fetches one part that every page needs (the core), and others
 * when they are first used. onnxruntime-web stays outside.
 *
 * @returns of every file its name in dist/, its code, whether every page fetches it, and bytes by module
 */
export async function buildForBrowsers({ sourcemap = false } = {}) {
  const core = new Set(await coreModules());
  const build = await rolldown({
    ...common,
    external: [/^onnxruntime-web\//],
    preserveEntrySignatures: 'allow-extension',
  });
  const { output } = await build.generate({
    format: 'esm',
    minify: true,
    sourcemap,
    entryFileNames: '[name].js',
    chunkFileNames: 'parts/[name]-[hash].js',
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'core', test: (id) => core.has(id) }] },
  });
  await build.close();
  const chunks = new Map(output.map((file) => [file.fileName, file]));
  const everyPage = new Set(output.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of everyPage) for (const needed of chunks.get(name)?.imports ?? []) everyPage.add(needed);
  return output.map((file) => ({
    name: file.fileName,
    code: file.code ?? file.source,
    isCore: everyPage.has(file.fileName),
    modules: Object.entries(file.modules ?? {}).map(([id, { renderedLength }]) => [id, renderedLength]),
  }));
}

/** What is left without anything that is imported by `import()`. Bundlers would otherwise cut it into many small files. */
async function coreModules() {
  const leaveOutParts = { name: 'leave-out-parts', resolveDynamicImport: (id) => ({ id, external: true }) };
  const build = await rolldown({ ...common, external: [/^onnxruntime-web\//], plugins: [leaveOutParts] });
  const { output } = await build.generate({ format: 'esm' });
  await build.close();
  return output.flatMap(({ modules = {} }) => Object.keys(modules).filter((id) => modules[id].renderedLength > 0));
}
