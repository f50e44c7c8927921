import { type MessagePort, parentPort } from 'node:worker_threads';
import { render } from './batches.js';
import type { RenderAnswer, RenderRequest } from './render-thread.js';

/** What RenderThread starts. */
const port = parentPort as MessagePort;

port.on('message', ({ views, resolutions }: RenderRequest) => {
  try {
    const images = resolutions.map((resolution) => render(views, resolution));
    port.postMessage({ images } satisfies RenderAnswer, [
      ...new Set(images.map(({ data }) => data.buffer as ArrayBuffer)),
    ]);
  } catch (error) {
    port.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies RenderAnswer);
  }
});
