import {
  BundleError,
  DisposedError,
  Easel,
  ImageError,
  type ImageInput,
  InfeasibleBudgetError,
  InvalidRequestError,
  type LoadOptions,
  type LoadProgress,
  ProfileError,
  type SpecializeRequest,
  UnknownClassError,
  UnknownTaskError,
} from '@easel/sdk';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { type ErrorClass, rejection } from '../fixtures/rejection.js';

/** What a host gives to the cases: where the files of the tests are. */
export interface ConformanceContext {
  /** Of space tiny-32: a directory or a URL. */
  readonly bundle: string;
  /** Of a space with squeeze-excite, h-swish, elastic resolution and a hidden layer. */
  readonly everythingBundle: string;
  /** Of the same space, with an adapter of the task `pets`. */
  readonly adaptedBundle: string;
  /** The address of `picture`, as a PNG. */
  readonly pictureUrl: string;
  /** The address of a JPEG of 300 x 200 px. */
  readonly photoUrl: string;
}

export interface ConformanceCase {
  readonly name: string;
  /** What it answers, as JSON, must be the same on every host, up to the last digits of numbers. */
  run(context: ConformanceContext): Promise<unknown>;
}

export const picture = noise(50, 31, 5);

export function noise(width: number, height: number, seed: number, channels: 3 | 4 = 3) {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(256));
  return { data, width, height, channels } as const;
}

const loose = { macs: 1e9 };

async function withEasel<T>(bundle: string, options: LoadOptions, use: (easel: Easel) => Promise<T>): Promise<T> {
  const easel = await Easel.load(bundle, options);
  try {
    return await use(easel);
  } finally {
    await easel.dispose();
  }
}

const cases: ConformanceCase[] = [];
const add = (name: string, run: ConformanceCase['run']) => cases.push({ name, run });

/** Every host of the SDK passes these, and answers the same. */
export const conformanceCases: readonly ConformanceCase[] = cases;

add('describes the bundle', ({ bundle }) =>
  withEasel(bundle, { device: 'slow-board' }, async (easel) => {
    expect(easel.name).to.equal('random');
    expect(easel.devices).to.deep.equal(['slow-board', 'fast-board']);
    expect(easel.profile?.name).to.equal('slow-board');
    expect(easel.execution.threads).to.equal(1);
    return { classes: easel.classes, tasks: easel.tasks, space: easel.space };
  }),
);

add('adapts: changes task and budget while images are classified', ({ bundle }) =>
  withEasel(bundle, { device: 'slow-board' }, async (easel) => {
    const request = { tasks: ['pets'], budget: { latencyMs: 2.5 } };
    const adaptive = await easel.adaptive(request, { automatic: false });
    const underWay = adaptive.classify(picture);
    await adaptive.change({ tasks: ['everything'], budget: { latencyMs: 4 } });
    const [before, after] = [await underWay, await adaptive.classify(picture)];
    const answers = {
      before: before.map(({ className, probability }) => [className, probability]),
      after: after.map(({ className, probability }) => [className, probability]),
      architecture: adaptive.architecture,
      predicted: adaptive.predicted,
      decisions: adaptive.decisions.map(({ kind }) => kind),
    };
    await adaptive.dispose();
    await rejection(adaptive.classify(picture), DisposedError);
    return answers;
  }),
);

add('chooses, assembles and runs a subnet within every limit', ({ bundle }) =>
  withEasel(bundle, { device: 'slow-board' }, async (easel) => {
    const budget = { latencyMs: 3.5, macs: 2.5e6, parameters: 60_000, modelBytes: 200_000 };
    const classifier = await easel.specialize({ tasks: ['everything'], budget });
    const { architecture, predicted } = classifier;
    for (const [metric, most] of Object.entries(budget)) {
      expect(predicted[metric as keyof typeof budget]).to.be.at.most(most);
    }
    expect(predicted.modelBytes).to.equal(classifier.toOnnx().length);
    const results = await classifier.classify(noise(32, 32, 1));
    expect(results.reduce((sum, { probability }) => sum + probability, 0)).to.be.closeTo(1, 1e-9);
    expect(results).to.deep.equal([...results].sort((a, b) => b.probability - a.probability));
    await classifier.dispose();
    return { architecture, predicted, results: results };
  }),
);

add('assembles the same model, byte for byte', ({ bundle }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ classes: ['fox', 'bee', 'cat'], budget: { macs: 2e6 } });
    const bytes = classifier.toOnnx();
    await classifier.dispose();
    return [...new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))].join();
  }),
);

add("adapts the weights to a task that has an adapter, byte for byte, and leaves others' alone", ({ adaptedBundle }) =>
  withEasel(adaptedBundle, {}, async (easel) => {
    const digests: Record<string, string> = {};
    for (const task of ['pets', 'canines']) {
      const classifier = await easel.specialize({ tasks: [task], budget: loose });
      expect(classifier.adapter).to.equal(task === 'pets' ? task : undefined);
      const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(classifier.toOnnx()));
      digests[task] = [...new Uint8Array(digest)].join();
      await classifier.dispose();
    }
    return digests;
  }),
);

add('takes an image in every form', ({ bundle, pictureUrl }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ tasks: ['everything'], budget: loose });
    const encoded = new Uint8Array(await (await fetch(pictureUrl)).arrayBuffer());
    const { data, width, height } = picture;
    const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    const expected = await classifier.classify(picture);
    const forms: Record<string, ImageInput> = {
      'pixels with alpha': { data: rgba, width, height, channels: 4 },
      'image data': { data: rgba, width, height },
      bytes: encoded,
      'an ArrayBuffer': encoded.buffer,
      'a Blob': new Blob([encoded], { type: 'image/png' }),
      'a URL': new URL(pictureUrl),
      'the text of a URL': pictureUrl,
    };
    for (const [form, image] of Object.entries(forms)) {
      expect(await classifier.classify(image), form).to.deep.equal(expected);
    }
    await classifier.dispose();
    return expected;
  }),
);

add('scales large and small images alike', ({ bundle }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ tasks: ['everything'], budget: loose });
    const answers = [];
    for (const [width, height] of [
      [640, 480],
      [33, 900],
      [7, 5],
      [1, 1],
    ] as const) {
      answers.push(await classifier.classify(noise(width, height, width)));
    }
    await classifier.dispose();
    return answers;
  }),
);

add('decodes and scales a photo alike', ({ bundle, photoUrl }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ tasks: ['everything'], budget: loose });
    const results = await classifier.classify(photoUrl);
    await classifier.dispose();
    return results;
  }),
);

add('serves a space with everything', ({ everythingBundle }) =>
  withEasel(everythingBundle, { device: 'slow-board' }, async (easel) => {
    const answers = [];
    for (const budget of [{ macs: 150_000 }, { macs: 400_000 }, { latencyMs: 10 }]) {
      const classifier = await easel.specialize({ tasks: ['everything'], budget });
      answers.push(classifier.architecture, await classifier.classify(picture));
      await classifier.dispose();
    }
    return answers;
  }),
);

add('classifies several images, and specializes for several requests, at once', ({ bundle }) =>
  withEasel(bundle, {}, async (easel) => {
    const budgets = [1.5e6, 2e6, 2.5e6, 3e6].map((macs) => ({ macs }));
    const classifiers = await Promise.all(budgets.map((budget) => easel.specialize({ tasks: ['everything'], budget })));
    const images = [1, 2, 3].map((seed) => noise(32, 32, seed));
    const answers = await Promise.all(
      classifiers.flatMap((classifier) => images.map((image) => classifier.classify(image))),
    );
    await Promise.all(classifiers.map((classifier) => classifier.dispose()));
    return answers;
  }),
);

add('reads only the files that it needs, and reports them up to all bytes', async ({ bundle }) => {
  const events: LoadProgress[] = [];
  const options = { device: 'fast-board', cache: false, onProgress: (event: LoadProgress) => events.push(event) };
  await withEasel(bundle, options, async () => {});
  const verified = events.filter(({ status }) => status === 'verified').map(({ file }) => file);
  expect(verified).to.have.members([
    'supernet.onnx',
    'statistics.safetensors',
    'generator.onnx',
    'profiles/fast-board.json',
  ]);
  events.reduce((earlier, later) => {
    expect(later.loadedBytes).to.be.at.least(earlier.loadedBytes);
    return later;
  });
  const last = events.at(-1) as LoadProgress;
  expect(last.loadedBytes).to.equal(last.totalBytes);
  return last.totalBytes;
});

add('stops loading when it is told to', async ({ bundle }) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = () => controller.abort(reason);
  const loading = Easel.load(bundle, { onProgress, signal: controller.signal, cache: false });
  expect(await rejection(loading, Error)).to.equal(reason);
  expect(await rejection(Easel.load(bundle, { signal: AbortSignal.abort(reason) }), Error)).to.equal(reason);
});

add('keeps a few idle subnets open, and frees them at the end', ({ bundle }) =>
  withEasel(bundle, { idleSubnets: 1 }, async (easel) => {
    const request = { tasks: ['pets'], budget: loose };
    const first = await easel.specialize(request);
    const second = await easel.specialize(request);
    const expected = await first.classify(picture);
    await first.dispose();
    expect(await second.classify(picture)).to.deep.equal(expected);
    await second.dispose();
    const third = await easel.specialize(request);
    expect(await third.classify(picture)).to.deep.equal(expected);
    await easel.dispose();
    expect(await third.classify(picture)).to.deep.equal(expected);
    await third.dispose();
  }),
);

add('refuses use after dispose, and lets images under way finish', ({ bundle }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ tasks: ['pets'], budget: loose });
    const underWay = classifier.classify(picture);
    const disposing = classifier.dispose();
    expect(await underWay).to.have.length(2);
    await disposing;
    await classifier.dispose();
    await rejection(classifier.classify(picture), DisposedError);
    expect(() => classifier.toOnnx()).to.throw(DisposedError);
    await easel.dispose();
    await rejection(easel.specialize({ tasks: ['pets'], budget: loose }), DisposedError);
  }),
);

add('refuses requests that no bundle could meet, and says what there is', ({ bundle }) =>
  withEasel(bundle, {}, async (easel) => {
    const refused = async (request: unknown, errorClass: ErrorClass) =>
      (await rejection(easel.specialize(request as SpecializeRequest), errorClass)).message;
    return [
      await refused({ tasks: ['plants'], budget: loose }, UnknownTaskError),
      await refused({ classes: ['oak', 'ant'], budget: loose }, UnknownClassError),
      await refused({ tasks: ['cats'], budget: loose }, InvalidRequestError),
      await refused({ tasks: ['pets'], budget: { macs: 1 } }, InfeasibleBudgetError),
      await refused({ tasks: ['pets'], budget: { macs: Number.NaN } }, InvalidRequestError),
      await refused({ tasks: ['pets'], budget: { latencyMs: 1 } }, InvalidRequestError),
    ];
  }),
);

add('refuses unknown devices, options and bundles', async ({ bundle }) => {
  const refused = async (options: unknown, errorClass: ErrorClass) =>
    (await rejection(Easel.load(bundle, options as LoadOptions), errorClass)).message;
  const missing = await rejection(Easel.load(`${bundle}-not-there`), BundleError);
  expect(missing.file).to.equal('manifest.json');
  return [
    await refused({ device: 'pi' }, ProfileError),
    await refused({ devise: 'slow-board' }, InvalidRequestError),
    await refused({ threads: 0 }, InvalidRequestError),
    await refused({ provider: 'gpu' }, InvalidRequestError),
    await refused({ idleSubnets: -1 }, InvalidRequestError),
  ];
});

add('names what is no image, and goes on working', ({ bundle, pictureUrl }) =>
  withEasel(bundle, {}, async (easel) => {
    const classifier = await easel.specialize({ tasks: ['pets'], budget: loose });
    const refused = async (image: unknown) =>
      (await rejection(classifier.classify(image as ImageInput), ImageError)).message;
    const encoded = new Uint8Array(await (await fetch(pictureUrl)).arrayBuffer());
    expect(await refused(encoded.subarray(0, 100))).to.match(/^image of 100 bytes: cannot be decoded/);
    expect(await refused(new Uint8Array(10))).to.match(/^image of 10 bytes: cannot be decoded/);
    expect(await refused(`${pictureUrl}.missing`)).to.match(/\.missing: the server answers 404/);
    for (const stranger of [null, undefined, 7, {}])
      expect(await refused(stranger)).to.match(/^image: must be a .*got/);
    const malformed = [await refused({ ...picture, width: 9 }), await refused({ ...picture, channels: 2 })];
    expect(await classifier.classify(picture)).to.have.length(2);
    await classifier.dispose();
    return malformed;
  }),
);
