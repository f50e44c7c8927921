import { httpSource } from '../bundle/http-source.js';
import { download } from '../download/index.js';
import { ProfileError } from '../errors/index.js';
import type { Host } from '../host/index.js';
import { readWebImage } from '../image/web.js';
import { webRuntime } from '../runtime/web.js';

export { browserName, deviceFacts } from './facts.js';
export { httpSource, webRuntime };

/** Browsers and their workers: HTTP, the browser's own decoders, onnxruntime-web. */
export const host: Host = {
  runtime: webRuntime,
  openBundle: (location, options) => httpSource(absolute(location), options),
  readImage: readWebImage,
  readProfile,
  async describe({ provider, threads }) {
    // Only pages that ask for `device: 'auto'` or correction load this, and the notes below.
    const { browserName, deviceFacts } = await import('./facts.js');
    const version = await webRuntime.version();
    const runtime = { engine: webRuntime.name, version, provider, browser: browserName(), threads };
    return { device: await deviceFacts(), runtime };
  },
  readNote: async (name) => (await import('./notes.js')).readNote(name),
  writeNote: async (name, text) => (await import('./notes.js')).writeNote(name, text),
};

function absolute(location: string | URL): URL {
  return new URL(location, globalThis.document?.baseURI ?? globalThis.location.href);
}

/** @throws ProfileError if the file cannot be loaded or is not JSON. */
async function readProfile(location: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await download(absolute(location))));
  } catch (cause) {
    throw new ProfileError(location, `cannot be read (${(cause as Error).message})`, { cause });
  }
}
