// dist/easel.min.js and dist/parts/: the SDK for pages without a bundler. The page's import map says where
// onnxruntime-web is.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildForBrowsers, outputFolder, partsFolder } from './browser-build.mjs';

const files = await buildForBrowsers({ sourcemap: true });
// Names of parts change with what is in them.
await rm(partsFolder, { recursive: true, force: true });
await mkdir(partsFolder);
for (const { name, code } of files) await writeFile(join(outputFolder, name), code);
