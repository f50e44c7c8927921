import { readFile } from 'node:fs/promises';
import { directorySource } from '../bundle/directory-source.js';
import { httpSource } from '../bundle/http-source.js';
import { download } from '../download/index.js';
import type { Host } from '../host/index.js';
import { decodeImageFile, readNodeImage } from '../image/node.js';
import { nodeRuntime, pinnedThreads } from '../runtime/node.js';
import { deviceFacts } from './facts.js';
import { isHttp, pathOf } from './location.js';
import { readNote, writeNote } from './notes.js';

export { allowedCpus, parseCpuList } from './allowed-cpus.js';
export * from './facts.js';
export { defaultCacheFolder } from './notes.js';
export { decodeImageFile, directorySource, httpSource, nodeRuntime, pinnedThreads };

/** Node: files, sharp, onnxruntime-node. */
export const host: Host = {
  runtime: nodeRuntime,
  openBundle: (location) => (isHttp(location) ? httpSource(new URL(location)) : directorySource(pathOf(location))),
  readImage: readNodeImage,
  readFile: (location) => (isHttp(location) ? download(new URL(location)) : readFile(pathOf(location))),
  async describe({ provider, threads }) {
    const runtime = { engine: nodeRuntime.name, version: await nodeRuntime.version(), provider, threads };
    return { device: deviceFacts(), runtime };
  },
  threadsApart: () => import('../profiling/unsteady.js'),
  readNote,
  writeNote,
};
