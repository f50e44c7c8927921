import { httpSource } from '../bundle/http-source.js';
import { download } from '../download/index.js';
import type { Host } from '../host/index.js';
import { onThisPage, readWebImage } from '../image/web.js';
import { webRuntime } from '../runtime/web.js';

/** Browsers and their workers: HTTP, the browser's own decoders, onnxruntime-web. */
export const host: Host = {
  runtime: webRuntime,
  openBundle: (location, options) => httpSource(onThisPage(location), options),
  readImage: readWebImage,
  readFile: (location) => download(onThisPage(location)),
  // Only pages that ask for `device: 'auto'` load this, and the notes below.
  describe: async (execution) => (await import('./facts.js')).describe(execution),
  readNote: async (name) => (await import('./notes.js')).readNote(name),
  writeNote: async (name, text) => (await import('./notes.js')).writeNote(name, text),
};
