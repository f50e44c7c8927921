import { httpSource } from '../bundle/http-source.js';
import { download } from '../download/index.js';
import { ProfileError } from '../errors/index.js';
import type { Host } from '../host/index.js';
import { readWebImage } from '../image/web.js';
import { webRuntime } from '../runtime/web.js';
import { browserName, deviceFacts } from './facts.js';
import { readNote, writeNote } from './notes.js';

export { browserName, deviceFacts, httpSource, webRuntime };

/** Browsers and their workers: HTTP, the browser's own decoders, onnxruntime-web. */
export const host: Host = {
  runtime: webRuntime,
  openBundle: (location, options) => httpSource(absolute(location), options),
  readImage: readWebImage,
  readProfile,
  async describe({ provider, threads }) {
    const version = await webRuntime.version();
    const runtime = { engine: webRuntime.name, version, provider, browser: browserName(), threads };
    return { device: await deviceFacts(), runtime };
  },
  readNote,
  writeNote,
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
