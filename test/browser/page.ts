import { type Classifier, Easel, type ImageInput, type LoadOptions, type LoadProgress } from '@easel/sdk';
import { respecialize } from '../fixtures/respecialize.js';

let loaded: Promise<Easel> | undefined;

/** What the tests of this folder do in a page, by name; arguments and answers are JSON. */
const actions = {
  /** Loads, and answers what the sessions run on, and the classes of a first image. */
  async load(bundle: string, options: LoadOptions = {}) {
    const events: LoadProgress[] = [];
    const easel = await Easel.load(bundle, { ...options, onProgress: (event) => events.push(event) });
    const classifier = await easel.specialize({ tasks: ['everything'], budget: { macs: 2e6 } });
    const results = await classifier.classify({ data: new Uint8Array(12).fill(90), width: 2, height: 2, channels: 3 });
    await classifier.dispose();
    await easel.dispose();
    const verified = events.filter(({ status }) => status === 'verified');
    return {
      name: easel.name,
      execution: easel.execution,
      best: results[0],
      cached: verified.filter((event) => event.cached).map(({ file }) => file),
      fetched: verified.filter((event) => !event.cached).map(({ file }) => file),
    };
  },

  /** Whatever else a page shows images with. */
  async classifyElements(bundle: string, url: string) {
    return withClassifier(bundle, async (classifier) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      const offscreen = new OffscreenCanvas(canvas.width, canvas.height);
      (offscreen.getContext('2d') as OffscreenCanvasRenderingContext2D).drawImage(image, 0, 0);
      const loading = new Image();
      loading.src = `${url}?again`;
      // Shown at another size than it has.
      const styled = image.cloneNode() as HTMLImageElement;
      styled.width = 9;
      document.body.append(styled);
      const forms: Record<string, ImageInput> = {
        'an image element': image,
        'an image element that still loads': loading,
        'an image element of another size on the page': styled,
        'a canvas': canvas,
        'an offscreen canvas': offscreen,
        'an ImageBitmap': await createImageBitmap(image),
        ImageData: context.getImageData(0, 0, canvas.width, canvas.height),
        'a video frame': new VideoFrame(canvas, { timestamp: 0 }),
        'a relative URL': new URL(url).pathname,
        'a data URL': canvas.toDataURL(),
        'a File': new File([await (await fetch(url)).blob()], 'cat.png'),
      };
      const expected = await classifier.classify(url);
      const answers: Record<string, unknown> = {};
      for (const [form, each] of Object.entries(forms)) answers[form] = await classifier.classify(each);
      return { expected, answers };
    });
  },

  /** The current frame of a playing video: half red, then all blue. */
  async classifyVideo(bundle: string) {
    return withClassifier(bundle, async (classifier) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [64, 48];
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const video = document.createElement('video');
      video.muted = true;
      const before = await classifier.classify(video).catch((error: Error) => error.message);
      const paint = () => {
        context.fillStyle = '#2060c0';
        context.fillRect(0, 0, 64, 48);
      };
      video.srcObject = canvas.captureStream(30);
      const painting = setInterval(paint, 20);
      await video.play();
      const shown = await classifier.classify(video);
      clearInterval(painting);
      return { before, shown, expected: await classifier.classify(canvas) };
    });
  },

  async classifyError(bundle: string, url: string, kind: 'element' | 'url') {
    return withClassifier(bundle, async (classifier) => {
      const image = new Image();
      image.src = url;
      return described(classifier.classify(kind === 'element' ? image : url));
    });
  },

  /** Many subnets, one after the other, of a bundle that stays loaded. */
  async respecialize(bundle: string, start: number, count: number) {
    loaded ??= Easel.load(bundle, { provider: 'wasm' });
    await respecialize(await loaded, start, count);
  },

  /** Bytes of this page's JavaScript and WebAssembly. */
  async memory() {
    const { bytes } = await (
      performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> }
    ).measureUserAgentSpecificMemory();
    return bytes;
  },

  loadError: (bundle: string, options: LoadOptions = {}) => described(Easel.load(bundle, options)),

  async cachedKeys() {
    const cache = await caches.open('easel-bundles-v1');
    return (await cache.keys()).map(({ url }) => url);
  },

  async damageCache(file: string) {
    const cache = await caches.open('easel-bundles-v1');
    for (const { url } of await cache.keys()) if (url.includes(file)) await cache.put(url, new Response('damaged'));
  },
};

export type Actions = typeof actions;

async function withClassifier<T>(bundle: string, use: (classifier: Classifier) => Promise<T>): Promise<T> {
  const easel = await Easel.load(bundle);
  const classifier = await easel.specialize({ tasks: ['everything'], budget: { macs: 2e6 } });
  try {
    return await use(classifier);
  } finally {
    await classifier.dispose();
    await easel.dispose();
  }
}

async function described(failing: Promise<unknown>): Promise<{ name: string; code: string; message: string }> {
  const { name, code, message } = (await failing.then(
    () => ({ name: 'none', code: 'NONE', message: 'it did not fail' }),
    (error: unknown) => error,
  )) as { name: string; code: string; message: string };
  return { name, code, message };
}

Object.assign(globalThis, { actions });
