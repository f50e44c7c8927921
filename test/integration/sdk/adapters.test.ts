import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { Easel } from '@easel/sdk';
import { loadBundle, supernetFor } from '@easel/sdk/bundle';
import { BundleError } from '@easel/sdk/errors';
import { directorySource } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { presetSpace, randomArchitecture } from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { expect } from 'chai';
import {
  bundleClasses,
  bundleTasks,
  randomAdapter,
  randomBundleContents,
  withDirectory,
} from '../../fixtures/bundle.js';
import { randomPredictor } from '../../fixtures/predictor.js';

const space = presetSpace('tiny-32');
const architecture = randomArchitecture(space, new Random(3));

const images = 8;
const pixels = Uint8Array.from({ length: images * 32 * 32 * 3 }, (_, i) => (i * 7919) % 256);
const contents = {
  ...randomBundleContents(space),
  adapters: new Map([
    ['everything', randomAdapter(space, bundleTasks.everything.length, { seed: 1, gain: 0.01 })],
    ['pets', randomAdapter(space, bundleTasks.pets.length, { seed: 2, gain: 0.03 })],
  ]),
  calibration: { images, resolution: 32, bytes: pixels },
};

const predictor = randomPredictor(space, bundleClasses.length);

describe('adapters of tasks', function () {
  this.timeout(60_000);

  const withBundle = (use: (directory: string) => Promise<void>) =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      await writeBundle(directory, contents);
      await use(directory);
    });

  it('serve their task, parts of it, and nothing that a smaller task serves', () =>
    withBundle(async (directory) => {
      const bundle = await loadBundle(directorySource(directory));
      const easel = await Easel.load(directory);
      const wholeTask = ['dog', 'cat'];
      for (const [classes, adapter] of [
        [wholeTask, 'pets'],
        [['ant', 'dog'], 'everything'],
        [bundleTasks.everything, 'everything'],
      ] as const) {
        const classifier = await easel.specialize({ classes, architecture });
        expect(classifier.adapter).to.equal(adapter);
        const indices = classifier.classes.map((name) => bundle.manifest.classes.indexOf(name));
        const adapted = supernetFor(bundle, indices);
        expect(adapted.adapter).to.equal(adapter);
        expect(classifier.toOnnx()).to.deep.equal(assemble(adapted, architecture, indices));
        expect(classifier.toOnnx()).not.to.deep.equal(assemble(bundle.supernet, architecture, indices));
        expect(classifier.toOnnx().length).to.equal(classifier.predicted.modelBytes);
      }
      await easel.dispose();
    }));

  it('leave class sets of no adapted task as they are', () =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      const pets = new Map([...contents.adapters].slice(1));
      await writeBundle(directory, { ...contents, adapters: pets });
      const { supernet } = await loadBundle(directorySource(directory));
      const easel = await Easel.load(directory);
      const classifier = await easel.specialize({ classes: ['dog', 'ant'], architecture });
      expect(classifier.adapter).to.equal(undefined);
      expect(classifier.toOnnx()).to.deep.equal(assemble(supernet, architecture, [0, 3]));
      await easel.dispose();
    }));

  it('are there for any number of tasks by turns, and together with recalibration', () =>
    withBundle(async (directory) => {
      const easel = await Easel.load(directory, { idleSubnets: 0 });
      const model = async (request: object) => {
        const classifier = await easel.specialize({ ...request, architecture });
        const bytes = classifier.toOnnx();
        await classifier.dispose();
        return bytes;
      };
      const [first, other] = [await model({ tasks: ['pets'] }), await model({ tasks: ['everything'] })];
      expect(await model({ tasks: ['pets'] })).to.deep.equal(first);
      expect(await model({ tasks: ['everything'] })).to.deep.equal(other);
      const recalibrated = await model({ tasks: ['pets'], recalibrate: true });
      expect(recalibrated).not.to.deep.equal(first);
      expect(recalibrated).not.to.deep.equal(await model({ classes: ['dog', 'ant'], recalibrate: true }));
      await easel.dispose();
    }));

  it('count in what is predicted', () =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      await writeBundle(directory, { ...contents, predictor });
      const adapted = await Easel.load(directory);
      const { adapters: _, ...others } = contents;
      await writeBundle(join(parent, 'plain'), { ...others, predictor });
      const plain = await Easel.load(join(parent, 'plain'));
      const accuracy = async (easel: Easel) =>
        (await easel.specialize({ tasks: ['pets'], architecture })).predicted.accuracy as number;
      expect((await accuracy(adapted)) - (await accuracy(plain))).closeTo(0.03, 1e-6);

      const pets = randomAdapter(space, bundleTasks.pets.length, { seed: 2, gain: 0.9 });
      await writeBundle(join(parent, 'bold'), { ...contents, adapters: new Map([['pets', pets]]), predictor });
      const bold = await Easel.load(join(parent, 'bold'));
      expect(await accuracy(bold), 'a share').to.equal(1);
      await Promise.all([adapted.dispose(), plain.dispose(), bold.dispose()]);
    }));

  it('that are damaged are named, and everything else goes on', () =>
    withBundle(async (directory) => {
      const { manifest } = await loadBundle(directorySource(directory));
      const file = manifest.adapters?.pets?.file as string;
      const bytes = await readFile(join(directory, file));
      await writeFile(join(directory, file), bytes.subarray(0, 100));
      const easel = await Easel.load(directory);
      const failure = await easel.specialize({ tasks: ['pets'], architecture }).catch((error) => error);
      expect(failure).instanceOf(BundleError).property('message').include(file);
      const classifier = await easel.specialize({ tasks: ['everything'], architecture });
      expect(classifier.adapter).to.equal('everything');
      // Mended, it is read again.
      await writeFile(join(directory, file), bytes);
      expect((await easel.specialize({ tasks: ['pets'], architecture })).adapter).to.equal('pets');
      await easel.dispose();
    }));

  it('of another rank than the manifest says are refused, and those of unknown tasks too', () =>
    withBundle(async (directory) => {
      const path = join(directory, 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8'));
      const load = () => loadBundle(directorySource(directory)).catch((error) => error);
      const { pets, ...others } = manifest.adapters;
      await writeFile(path, JSON.stringify({ ...manifest, adapters: { ...others, pets: { ...pets, rank: 3 } } }));
      expect(await load())
        .instanceOf(BundleError)
        .property('message')
        .match(/\d+ bytes; an adapter of rank 3 for 2 classes/);
      await writeFile(path, JSON.stringify({ ...manifest, adapters: { ...others, birds: pets } }));
      expect(await load())
        .instanceOf(BundleError)
        .property('message')
        .match(/adapters\.birds: no such task; tasks are .*pets/);
    }));
});
