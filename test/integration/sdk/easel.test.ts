import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import {
  BundleError,
  DisposedError,
  Easel,
  ImageError,
  InfeasibleBudgetError,
  InvalidRequestError,
  type LoadOptions,
  type Pixels,
  ProfileError,
  type Request,
  SearchSpaceError,
  type SpecializeRequest,
  UnknownClassError,
  UnknownTaskError,
} from '@easel/sdk';
import { imageTensor } from '@easel/sdk/image';
import { directorySource } from '@easel/sdk/node';
import { decodeModel } from '@easel/sdk/onnx';
import { Random } from '@easel/sdk/random';
import { countMacs, countParameters, largestArchitecture, presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import sharp from 'sharp';
import {
  bundleClasses,
  proportionalProfile,
  randomBundleContents,
  withDirectory,
  writeRandomBundle,
} from '../../fixtures/bundle.js';
import { tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { type ErrorClass, rejection } from '../../fixtures/rejection.js';
import { runModel } from '../../fixtures/run-model.js';

const space = presetSpace('tiny-32');
const loose: Request['budget'] = { macs: 1e12 };

function noise(width: number, height: number, seed: number): Pixels {
  const random = new Random(seed);
  return {
    data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)),
    width,
    height,
    channels: 3,
  };
}

describe('Easel in Node', () => {
  let parent: string;
  let directory: string;
  let easel: Easel;

  before(async () => {
    ({ parent, directory } = await writeRandomBundle(space));
    easel = await Easel.load(directory, { device: 'slow-board' });
  });

  after(async () => {
    await easel.dispose();
    await rm(parent, { recursive: true });
  });

  it('says what the bundle knows', () => {
    expect(easel.classes).to.deep.equal(bundleClasses);
    expect(Object.keys(easel.tasks)).to.include('pets');
    expect(easel.devices).to.deep.equal(['slow-board', 'fast-board']);
    expect(easel.profile?.name).to.equal('slow-board');
  });

  it('classifies an image of a file, its bytes and its pixels alike', async () => {
    const classifier = await easel.specialize({ tasks: ['pets'], classes: ['ant'], budget: { latencyMs: 4 } });
    try {
      const pixels = noise(32, 32, 1);
      const bytes = await sharp(pixels.data, { raw: { width: 32, height: 32, channels: 3 } })
        .png()
        .toBuffer();
      const path = join(parent, 'image.png');
      await writeFile(path, bytes);
      const results = await classifier.classify(pixels);
      expect(results.map(({ className }) => className)).to.have.members(['ant', 'cat', 'dog']);
      const probabilities = results.map(({ probability }) => probability);
      expect(probabilities).to.deep.equal([...probabilities].sort((a, b) => b - a));
      expect(probabilities.reduce((a, b) => a + b)).to.be.closeTo(1, 1e-9);
      expect(await classifier.classify(path)).to.deep.equal(results);
      expect(await classifier.classify(bytes)).to.deep.equal(results);
      expect(await classifier.classify(new Uint8Array(bytes))).to.deep.equal(results);
    } finally {
      await classifier.dispose();
    }
  });

  it('computes the softmax of what its ONNX model computes', async () => {
    const classifier = await easel.specialize({ tasks: ['canines', 'insects'], budget: loose });
    const pixels = noise(32, 32, 2);
    const results = await classifier.classify(pixels);
    const image = imageTensor(pixels, 32, { mean: [120, 118, 105], std: [60, 61, 66] });
    const { logits } = await runModel(classifier.toOnnx(), { image });
    const exponentials = [...(logits?.data ?? [])].map(Math.exp);
    const sum = exponentials.reduce((a, b) => a + b);
    for (const { className, probability } of results) {
      const expected = (exponentials[classifier.classes.indexOf(className)] as number) / sum;
      expect(probability).to.be.closeTo(expected, 1e-5);
    }
    await classifier.dispose();
  });

  it('keeps the bundle order of classes, whatever the order and overlap of the request', async () => {
    const request = { tasks: ['canines', 'pets'], classes: ['cat', 'bee'], budget: loose };
    const classifier = await easel.specialize(request);
    expect(classifier.classes).to.deep.equal(['bee', 'cat', 'dog', 'fox']);
    await classifier.dispose();
  });

  it('predicts the costs of what it assembled, within every limit', async () => {
    const budget = { latencyMs: 3.5, macs: 2.5e6, parameters: 60_000, modelBytes: 200_000 };
    const classifier = await easel.specialize({ tasks: ['everything'], budget });
    const { architecture, predicted } = classifier;
    expect(predicted.macs)
      .to.equal(countMacs(space, architecture, 7))
      .and.to.be.at.most(budget.macs);
    expect(predicted.parameters)
      .to.equal(countParameters(space, architecture, 7))
      .and.to.be.at.most(budget.parameters);
    expect(predicted.modelBytes).to.equal(classifier.toOnnx().length).and.to.be.at.most(budget.modelBytes);
    expect(predicted.latencyMs).to.be.within(0.05, budget.latencyMs);
    const stored = decodeModel(classifier.toOnnx()).graph.initializers.filter(({ dataType }) => dataType === 'float32');
    const numbers = stored.reduce((sum, { bytes }) => sum + bytes.length / 4, 0);
    expect(numbers).to.equal(predicted.parameters);
    await classifier.dispose();
  });

  it('predicts for many architectures what it predicts for each when opened', async () => {
    const architectures = [smallestArchitecture(space), largestArchitecture(space)];
    const predictions = await easel.predict({ tasks: ['pets'] }, architectures);
    for (const [i, architecture] of architectures.entries()) {
      const classifier = await easel.specialize({ tasks: ['pets'], architecture });
      const { modelBytes: _, ...predicted } = classifier.predicted;
      expect(predictions[i]).to.deep.equal(predicted);
      await classifier.dispose();
    }
    expect(await easel.predict({ tasks: ['pets'] }, [])).to.deep.equal([]);
    await rejection(easel.predict({ tasks: ['pet'] }, architectures), UnknownTaskError);
    const stranger = [largestArchitecture(presetSpace('mobile-32'))];
    await rejection(easel.predict({ tasks: ['pets'] }, stranger), SearchSpaceError);
  });

  it('keeps every budget, from the smallest subnet to beyond the largest', async () => {
    const [least, most] = [smallestArchitecture(space), largestArchitecture(space)].map((a) => countMacs(space, a, 2));
    const budgets = Array.from({ length: 40 }, (_, i) => (least as number) + (i / 20) * (most as number));
    const requests = budgets.map((macs) => ({ tasks: ['pets'], budget: { macs } }));
    const counts = (await easel.architectures(requests)).map((architecture) => countMacs(space, architecture, 2));
    for (const [i, count] of counts.entries()) expect(count).to.be.at.most(budgets[i] as number);
    expect(new Set(counts).size).to.be.greaterThan(3);
  });

  it('answers many requests as it answers each alone', async () => {
    const requests: Request[] = [
      { tasks: ['pets'], budget: { latencyMs: 2.5 } },
      { tasks: ['everything'], budget: { macs: 2e6 } },
      { classes: ['gnu', 'elk'], budget: { parameters: 40_000, latencyMs: 5 } },
    ];
    const together = await easel.architectures(requests);
    // So many are decoded in another way.
    const many = Array.from({ length: 12 }, (_, i) => requests[i % 3] as Request);
    expect(await easel.architectures(many)).to.deep.equal(many.map((_, i) => together[i % 3]));
    for (const [i, request] of requests.entries()) {
      expect((await easel.architectures([request]))[0]).to.deep.equal(together[i]);
      const classifier = await easel.specialize(request);
      expect(classifier.architecture).to.deep.equal(together[i]);
      await classifier.dispose();
    }
    expect(await easel.architectures([])).to.deep.equal([]);
  });

  it('takes a given architecture, with and without a budget', async () => {
    const smallest = smallestArchitecture(space);
    const classifier = await easel.specialize({ tasks: ['pets'], architecture: smallest });
    expect(classifier.architecture).to.equal(smallest);
    await classifier.dispose();
    const largest = largestArchitecture(space);
    const request = { tasks: ['pets'], architecture: largest, budget: { macs: 1e6 } };
    const error = await rejection(easel.specialize(request), InvalidRequestError);
    expect(error.message).to.match(/architecture must be within the budget of 1000000 macs; it needs \d+/);
    const stranger = { tasks: ['pets'], architecture: largestArchitecture(presetSpace('mobile-32')) };
    await rejection(easel.specialize(stranger), SearchSpaceError);
    // As an application may have kept it, in any form.
    const { resolution, units } = smallest;
    for (const malformed of [
      null,
      { resolution },
      { resolution, units: units.map(() => null) },
      { resolution, units: units.map((blocks) => blocks.map(() => '3x2')) },
      { resolution: String(resolution), units },
    ]) {
      const given = malformed as unknown as typeof smallest;
      for (const refused of [
        easel.specialize({ tasks: ['pets'], architecture: given }),
        easel.predict({ tasks: ['pets'] }, [given]),
      ]) {
        expect((await rejection(refused, SearchSpaceError)).message).to.include(
          `architecture must be { resolution, units: [[{ kernel, expandRatio }]] }, got ${JSON.stringify(malformed).slice(0, 80)}`,
        );
      }
    }
  });

  it('classifies many images at once', async () => {
    const classifier = await easel.specialize({ tasks: ['everything'], budget: loose });
    const images = Array.from({ length: 12 }, (_, i) => noise(20 + i, 40 - i, i));
    const alone = [];
    for (const image of images) alone.push(await classifier.classify(image));
    const together = await Promise.all(images.map((image) => classifier.classify(image)));
    expect(together).to.deep.equal(alone);
    await classifier.dispose();
  });

  const badRequests: [string, unknown, ErrorClass, RegExp][] = [
    ['an unknown task', { tasks: ['pet'], budget: loose }, UnknownTaskError, /"pet".*knows: insects, pets/],
    ['an inherited name', { tasks: ['constructor'], budget: loose }, UnknownTaskError, /"constructor"/],
    ['an unknown class', { classes: ['cat', 'yak'], budget: loose }, UnknownClassError, /"yak".*ant, bee, cat/],
    ['an empty list of tasks', { tasks: [], budget: loose }, InvalidRequestError, /tasks must be .* at least one/],
    [
      'an empty list of classes',
      { classes: [], budget: loose },
      InvalidRequestError,
      /classes must be .* at least one/,
    ],
    ['neither tasks nor classes', { budget: loose }, InvalidRequestError, /at least two .* got "none"/],
    ['a task of one class', { tasks: ['cats'], budget: loose }, InvalidRequestError, /always right.*cat/],
    ['a single class', { classes: ['cat', 'cat'], budget: loose }, InvalidRequestError, /always right/],
    ['a task that is no list', { tasks: 'pets', budget: loose }, InvalidRequestError, /tasks must be a list of names/],
    ['a class that is no name', { classes: [1, 2], budget: loose }, InvalidRequestError, /classes must be a list/],
    ['a misspelt field', { task: ['pets'], budget: loose }, InvalidRequestError, /"task"/],
    ['no budget', { tasks: ['pets'] }, InvalidRequestError, /budget must be an object/],
    ['an empty budget', { tasks: ['pets'], budget: {} }, InvalidRequestError, /budget must be .*latencyMs, macs/],
    ['a misspelt budget', { tasks: ['pets'], budget: { latency: 2 } }, InvalidRequestError, /"latency"/],
    ['a budget of 0', { tasks: ['pets'], budget: { macs: 0 } }, InvalidRequestError, /budget\.macs .* got 0/],
    ['a negative budget', { tasks: ['pets'], budget: { macs: -1 } }, InvalidRequestError, /budget\.macs .* got -1/],
    ['a budget of NaN', { tasks: ['pets'], budget: { latencyMs: Number.NaN } }, InvalidRequestError, /got NaN/],
    ['a text as budget', { tasks: ['pets'], budget: { macs: '1' } }, InvalidRequestError, /budget\.macs .* got "1"/],
    ['no request', undefined, InvalidRequestError, /request must be an object/],
  ];
  for (const [what, request, errorClass, message] of badRequests) {
    it(`refuses ${what}`, async () => {
      const asked = await rejection(easel.specialize(request as SpecializeRequest), errorClass);
      expect(asked.message).to.match(message);
      const batch = [{ tasks: ['pets'], budget: loose }, request as Request];
      expect((await rejection(easel.architectures(batch), errorClass)).message).to.equal(asked.message);
    });
  }

  it('rounds the least up in words, so that asking for it works', async () => {
    const asked = { tasks: ['pets'], budget: { latencyMs: 1e-6 } };
    const { message } = await rejection(easel.specialize(asked), InfeasibleBudgetError);
    const latencyMs = Number(/needs (\d+(\.\d{1,4})?)$/.exec(message)?.[1]);
    const classifier = await easel.specialize({ tasks: ['pets'], budget: { latencyMs } });
    await classifier.dispose();
  });

  it('names the least that a budget below the smallest subnet would have to be', async () => {
    const minimum = countMacs(space, smallestArchitecture(space), 2);
    const request = { tasks: ['pets'], budget: { macs: minimum - 1 } };
    const error = await rejection(easel.specialize(request), InfeasibleBudgetError);
    expect([error.metric, error.requested, error.minimum]).to.deep.equal(['macs', minimum - 1, minimum]);
    const classifier = await easel.specialize({ tasks: ['pets'], budget: { macs: minimum } });
    expect(classifier.architecture).to.deep.equal(smallestArchitecture(space));
    await classifier.dispose();
  });

  it('names an image that is missing, truncated or malformed, and goes on working', async () => {
    const classifier = await easel.specialize({ tasks: ['pets'], budget: loose });
    const missing = await rejection(classifier.classify('/no/such/cat.jpg'), ImageError);
    expect(missing.image).to.equal('/no/such/cat.jpg');
    await rejection(classifier.classify(new Uint8Array(10)), ImageError);
    await rejection(classifier.classify({ ...noise(4, 4, 1), width: 9 }), ImageError);
    await rejection(classifier.classify(null as unknown as Pixels), ImageError);
    expect(await classifier.classify(noise(4, 4, 1))).to.have.length(2);
    await classifier.dispose();
  });

  it('refuses use after dispose, and lets images under way finish', async () => {
    const classifier = await easel.specialize({ tasks: ['pets'], budget: loose });
    const underWay = classifier.classify(noise(32, 32, 1));
    const disposing = classifier.dispose();
    expect(await underWay).to.have.length(2);
    await disposing;
    await classifier.dispose();
    await rejection(classifier.classify(noise(32, 32, 1)), DisposedError);
    expect(() => classifier.toOnnx()).to.throw(DisposedError);
  });

  it('refuses requests after dispose; classifiers made before stay usable', async () => {
    const other = await Easel.load(directory);
    const classifier = await other.specialize({ tasks: ['pets'], budget: loose });
    await other.dispose();
    await rejection(other.specialize({ tasks: ['pets'], budget: loose }), DisposedError);
    await rejection(other.architectures([{ tasks: ['pets'], budget: loose }]), DisposedError);
    expect(await classifier.classify(noise(8, 8, 1))).to.have.length(2);
    await classifier.dispose();
  });

  it('needs a device for budgets of latency only', async () => {
    const other = await Easel.load(directory);
    const request = { tasks: ['pets'], budget: { latencyMs: 5 } };
    const error = await rejection(other.specialize(request), InvalidRequestError);
    expect(error.message).to.include("no device profile (load with { device: 'auto' } or a profile)");
    const classifier = await other.specialize({ tasks: ['pets'], budget: { macs: 2e6 } });
    expect(classifier.predicted).to.have.all.keys('macs', 'parameters', 'modelBytes');
    await classifier.dispose();
    await other.dispose();
  });

  it('takes a device by name, as a profile, or from a file', async () => {
    const profile = proportionalProfile(space, { name: 'own', millisecondsPerMillionMacs: 3 });
    const path = join(parent, 'own.json');
    await writeFile(path, JSON.stringify(profile));
    for (const [device, name] of [
      ['fast-board', 'fast-board'],
      [profile, 'own'],
      [path, 'own'],
    ] as const) {
      const other = await Easel.load(directory, { device });
      expect(other.profile?.name).to.equal(name);
      await other.dispose();
    }
    await rm(path);
    const missing = await rejection(Easel.load(directory, { device: path }), ProfileError);
    expect(missing.message).to.include('no such file');
  });

  it('refuses an unknown device, the profile of another space, and threads that are no number', async () => {
    const unknown = await rejection(Easel.load(directory, { device: 'pi' }), ProfileError);
    expect(unknown.message).to.match(/profile pi: is not in this bundle, which has: slow-board, fast-board/);
    const stranger = proportionalProfile(presetSpace('mobile-32'), { name: 'other', millisecondsPerMillionMacs: 1 });
    const other = await rejection(Easel.load(directory, { device: stranger }), ProfileError);
    expect(other.message).to.match(/mobile-32.*tiny-32/);
    await rejection(Easel.load(directory, { threads: 0 }), InvalidRequestError);
    await rejection(Easel.load('/no/such/bundle'), BundleError);
    const misspelt = await rejection(Easel.load(directory, { devise: 'pi' } as LoadOptions), InvalidRequestError);
    expect(misspelt.message).to.match(/device, threads, provider.*"devise"/);
    await rejection(Easel.load(undefined as unknown as string), InvalidRequestError);
  });

  it('reads a bundle from any source of files', async () => {
    const files = directorySource(directory);
    const read: string[] = [];
    const source = {
      location: 'memory',
      read: (path: string) => {
        read.push(path);
        return files.read(path);
      },
    };
    const other = await Easel.load(source);
    expect(read).to.include.members(['manifest.json', 'supernet.onnx', 'generator.onnx']);
    await other.dispose();
  });

  it('serves a space with everything: elastic resolution, squeeze-excite, h-swish, a hidden layer', () =>
    withDirectory(async (folder) => {
      await writeBundle(join(folder, 'bundle'), randomBundleContents(tinyMobileNetV3));
      const other = await Easel.load(join(folder, 'bundle'), { device: 'slow-board' });
      const budgets = [{ macs: 150_000 }, { macs: 400_000 }, { latencyMs: 10 }];
      for (const budget of budgets) {
        const classifier = await other.specialize({ tasks: ['everything'], budget });
        expect(classifier.predicted.modelBytes).to.equal(classifier.toOnnx().length);
        expect(await classifier.classify(noise(50, 31, 3))).to.have.length(7);
        await classifier.dispose();
      }
      for (const resolution of tinyMobileNetV3.resolutions) {
        const architecture = { ...largestArchitecture(tinyMobileNetV3), resolution };
        const classifier = await other.specialize({ tasks: ['pets'], architecture });
        const encoded = await sharp(noise(50, 31, 3).data, { raw: { width: 50, height: 31, channels: 3 } })
          .png()
          .toBuffer();
        expect(await classifier.classify(encoded)).to.have.length(2);
        await classifier.dispose();
      }
      await other.dispose();
    }));
});
