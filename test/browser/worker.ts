import { Easel } from '@easel/sdk';

interface Asked {
  readonly bundle: string;
  readonly url: string;
  readonly wasmUrl: string;
}

/** In a worker: classifies the image of an address, as a bitmap and as bytes. */
addEventListener('message', async ({ data: { bundle, url, wasmUrl } }: MessageEvent<Asked>) => {
  const easel = await Easel.load(bundle, { wasmUrl });
  const classifier = await easel.specialize({ tasks: ['everything'], budget: { macs: 2e6 } });
  const blob = await (await fetch(url)).blob();
  postMessage({
    bitmap: await classifier.classify(await createImageBitmap(blob)),
    bytes: await classifier.classify(await blob.arrayBuffer()),
  });
  await classifier.dispose();
  await easel.dispose();
});
