import { httpSource } from '../bundle/http-source.js';
import { download } from '../download/index.js';
import { ProfileError } from '../errors/index.js';
import type { Host } from '../host/index.js';
import { onThisPage, readWebImage } from '../image/web.js';
import { webRuntime } from '../runtime/web.js';

/** Browsers and their workers: HTTP, the browser's own decoders, onnxruntime-web. */
export const host: Host = {
  runtime: webRuntime,
  openBundle: (location, options) => httpSource(onThisPage(location), options),
  readImage: readWebImage,
  readProfile,
  // Only pages that ask for `device: 'auto'` load this, and the notes below.
  describe: async (execution) => (await import('./facts.js')).describe(execution),
  readNote: async (name) => (await import('./notes.js')).readNote(name),
  writeNote: async (name, text) => (await import('./notes.js')).writeNote(name, text),
};

/** @throws ProfileError if the file cannot be loaded or is not JSON. */
async function readProfile(location: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await download(onThisPage(location))));
  } catch (cause) {
    throw new ProfileError(location, `cannot be read (${(cause as Error).message})`, { cause });
  }
}
