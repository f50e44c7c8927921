import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleContents, writeBundle } from '@easel/exporter/bundle';
import { OutputExistsError } from '@easel/exporter/errors';
import { type LoadProgress, loadBundle, sha256 } from '@easel/sdk/bundle';
import { BundleError, ProfileError, WeightError } from '@easel/sdk/errors';
import { directorySource } from '@easel/sdk/node';
import { decodeModel, encodeMessage, Float32, type Message } from '@easel/sdk/onnx';
import { Random } from '@easel/sdk/random';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import {
  bundleClasses,
  bundleTasks,
  proportionalProfile,
  randomBundleContents,
  randomGenerator,
  withDirectory,
} from '../../fixtures/bundle.js';
import { type ErrorClass, rejection } from '../../fixtures/rejection.js';

const space = presetSpace('tiny-32');
const contents = randomBundleContents(space);
const load = (directory: string) => loadBundle(directorySource(directory));

/** A bundle to damage. */
const withBundle = (use: (directory: string) => Promise<void>) =>
  withDirectory(async (parent) => {
    const directory = join(parent, 'bundle');
    await writeBundle(directory, contents);
    await use(directory);
  });

/** Changes a file and the manifest's checksum of it, as a careless or malicious author might. */
async function replaceFile(directory: string, file: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await writeFile(join(directory, file), bytes);
  const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  manifest.files[file] = { bytes: bytes.length, sha256: await sha256(bytes) };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
}

describe('writeBundle and loadBundle', () => {
  it('give back what was put in', () =>
    withBundle(async (directory) => {
      const { manifest, supernet, generator, profiles } = await load(directory);
      expect(manifest.name).to.equal('random');
      expect(manifest.space).to.deep.equal(space);
      expect(manifest.classes).to.deep.equal(bundleClasses);
      expect(manifest.tasks).to.deep.equal(bundleTasks);
      expect(manifest.preprocessing).to.deep.equal({ mean: [120, 118, 105], std: [60, 61, 66], resize: 'cover' });
      expect(manifest.accuracy).to.deep.equal(contents.accuracy);
      expect(manifest.provenance).to.deep.equal(contents.provenance);
      expect(supernet.statistics).to.deep.equal(contents.statistics);
      expect([...supernet.weights.keys()]).to.deep.equal([...contents.weights.keys()]);
      expect(new Uint8Array(generator)).to.deep.equal(new Uint8Array(contents.generator));
      expect([...profiles.values()]).to.deep.equal(contents.profiles);
    }));

  it('read a supernet that is merely written in another way, as other tools do, to the same weights', () =>
    withBundle(async (directory) => {
      const usual = await load(directory);
      const bytes = await readFile(join(directory, 'supernet.onnx'));
      const { initializers } = decodeModel(bytes).graph;
      // Numbers as float_data, one field each, instead of raw bytes.
      const tensors = initializers.map(({ name, shape }): Message[number] => {
        const data = usual.supernet.weights.get(name)?.data ?? [];
        const numbers = Array.from(data, (value): Message[number] => [4, new Float32(value)]);
        return [5, [...shape.map((extent) => [1, extent] as const), [2, 1], [8, name], ...numbers]];
      });
      const known = tensors.filter((_, i) => usual.supernet.weights.has(initializers[i]?.name as string));
      await replaceFile(directory, 'supernet.onnx', encodeMessage([[7, known]]).slice());
      const { supernet } = await load(directory);
      expect([...supernet.weights]).to.deep.equal([...usual.supernet.weights]);
    }));

  it('report every file, up to all bytes', () =>
    withBundle(async (directory) => {
      const seen: string[] = [];
      let last = { loadedBytes: 0, totalBytes: -1 };
      const onProgress = (progress: LoadProgress) => {
        if (progress.status === 'verified') seen.push(progress.file);
        expect(progress.loadedBytes).to.be.at.least(last.loadedBytes);
        last = progress;
      };
      await loadBundle(directorySource(directory), { onProgress });
      expect(seen).to.have.members([
        'supernet.onnx',
        'statistics.safetensors',
        'generator.onnx',
        'profiles/slow-board.json',
        'profiles/fast-board.json',
      ]);
      expect(last.loadedBytes).to.equal(last.totalBytes);
    }));
});

describe('loadBundle', () => {
  const files = ['supernet.onnx', 'statistics.safetensors', 'generator.onnx', 'profiles/slow-board.json'];
  for (const file of ['manifest.json', ...files]) {
    it(`names ${file} where it is missing`, () =>
      withBundle(async (directory) => {
        await rm(join(directory, file));
        const error = await rejection(load(directory), BundleError);
        expect(error.file).to.equal(file);
        expect(error.message).to.include('is missing').and.to.include(directory);
      }));
  }

  for (const file of files) {
    it(`names ${file} where it is truncated`, () =>
      withBundle(async (directory) => {
        await truncate(join(directory, file), 100);
        const error = await rejection(load(directory), BundleError);
        expect(error.file).to.equal(file);
        expect(error.message).to.match(/is truncated: 100 bytes of \d+/);
      }));

    it(`names ${file} where one bit is altered`, () =>
      withBundle(async (directory) => {
        const bytes = await readFile(join(directory, file));
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] as number) ^ 1;
        await writeFile(join(directory, file), bytes);
        const error = await rejection(load(directory), BundleError);
        expect(error.file).to.equal(file);
        expect(error.message).to.include('was altered');
      }));
  }

  it('names a folder that is not there', async () => {
    const error = await rejection(load('/no/such/bundle'), BundleError);
    expect(error.message).to.equal('manifest.json: is missing in the bundle /no/such/bundle');
  });

  it('says that a bundle is the folder, to whoever names a file of it', () =>
    withBundle(async (directory) => {
      const manifest = join(directory, 'manifest.json');
      const error = await rejection(load(manifest), BundleError);
      expect(error.message).to.equal(`manifest.json: ${manifest} is a file; a bundle is the folder`);
    }));

  it('refuses a generator of another width', () =>
    withBundle(async (directory) => {
      await replaceFile(directory, 'generator.onnx', new Uint8Array(randomGenerator(space, 8, new Random(1))));
      const error = await rejection(load(directory), BundleError);
      expect(error.message).to.match(/^generator\.onnx: input "request" is \[batch, \d+\], expected \["batch", \d+\]/);
    }));

  it('refuses a generator that is no ONNX model', () =>
    withBundle(async (directory) => {
      await replaceFile(directory, 'generator.onnx', new TextEncoder().encode('not found'));
      const error = await rejection(load(directory), BundleError);
      expect(error.message).to.match(/^generator\.onnx: .*not an ONNX model/);
    }));

  it('refuses statistics of another space', () =>
    withBundle(async (directory) => {
      const other = join(directory, '..', 'other');
      await writeBundle(other, randomBundleContents(presetSpace('mobile-32')));
      const file = 'statistics.safetensors';
      await replaceFile(directory, file, new Uint8Array(await readFile(join(other, file))));
      const error = await rejection(load(directory), BundleError);
      expect(error.message).to.match(/^statistics\.safetensors: (has no|mean of|variance of) /);
    }));

  it('refuses the profile of another space', () =>
    withBundle(async (directory) => {
      const stranger = proportionalProfile(presetSpace('mobile-32'), { name: 'other', millisecondsPerMillionMacs: 1 });
      const bytes = new TextEncoder().encode(JSON.stringify(stranger));
      await replaceFile(directory, 'profiles/slow-board.json', bytes);
      const error = await rejection(load(directory), ProfileError);
      expect(error.message).to.match(/^profile other: .*mobile-32.*tiny-32/);
    }));

  it('refuses a profile that is JSON but for bytes that are no UTF-8', () =>
    withBundle(async (directory) => {
      const bytes = new Uint8Array(await readFile(join(directory, 'profiles/slow-board.json')));
      bytes[bytes.indexOf('"'.charCodeAt(0), 20) + 1] = 0xff;
      await replaceFile(directory, 'profiles/slow-board.json', bytes);
      const error = await rejection(load(directory), BundleError);
      expect(error.message).to.match(/^profiles\/slow-board\.json: is not JSON \(.*utf-8/);
    }));

  it('refuses a profile in a file of another name', () =>
    withBundle(async (directory) => {
      const bytes = new Uint8Array(await readFile(join(directory, 'profiles/slow-board.json')));
      await replaceFile(directory, 'profiles/fast-board.json', bytes);
      const error = await rejection(load(directory), BundleError);
      expect(error.message).to.equal(
        `profiles/fast-board.json: holds the profile "slow-board"; a profile's file must bear its name`,
      );
    }));
});

describe('writeBundle', () => {
  const withoutWeight = (): BundleContents => {
    const weights = new Map(contents.weights);
    weights.delete('stem.weight');
    return { ...contents, weights };
  };
  const refused: [string, () => BundleContents, ErrorClass][] = [
    ['a weight is missing', withoutWeight, WeightError],
    ['a class is missing', () => ({ ...contents, classes: bundleClasses.slice(1) }), WeightError],
    ['statistics are missing', () => ({ ...contents, statistics: new Map() }), WeightError],
    ['a task is empty', () => ({ ...contents, tasks: { none: [] } }), BundleError],
    ['a task has an unknown class', () => ({ ...contents, tasks: { pets: ['cat', 'yak'] } }), BundleError],
    ['the generator is no model', () => ({ ...contents, generator: new Uint8Array(9) }), BundleError],
    [
      'a profile is of another space',
      () => ({
        ...contents,
        profiles: [proportionalProfile(presetSpace('mobile-64'), { name: 'a', millisecondsPerMillionMacs: 1 })],
      }),
      ProfileError,
    ],
  ];
  for (const [what, broken, errorClass] of refused) {
    it(`leaves nothing behind if ${what}`, () =>
      withDirectory(async (parent) => {
        await rejection(writeBundle(join(parent, 'new', 'bundle'), broken()), errorClass);
        expect(await readdir(parent)).to.deep.equal([]);
      }));
  }

  it('does not replace a bundle unless told to', () =>
    withBundle(async (directory) => {
      const error = await rejection(writeBundle(directory, { ...contents, name: 'second' }), OutputExistsError);
      expect(error.message).to.include(directory);
      expect((await load(directory)).manifest.name).to.equal('random');

      await writeBundle(directory, { ...contents, name: 'second', profiles: [] }, { overwrite: true });
      expect((await load(directory)).manifest.name).to.equal('second');
      expect(await readdir(directory)).to.have.members([
        'manifest.json',
        'supernet.onnx',
        'statistics.safetensors',
        'generator.onnx',
      ]);
      expect(await readdir(join(directory, '..'))).to.deep.equal(['bundle']);
    }));

  it('keeps the old bundle if the new one cannot be written', () =>
    withBundle(async (directory) => {
      await rejection(writeBundle(directory, withoutWeight(), { overwrite: true }), WeightError);
      expect((await load(directory)).manifest.name).to.equal('random');
    }));

  it('removes what a killed writer of the same bundle has left', () =>
    withDirectory(async (parent) => {
      await mkdir(join(parent, '.bundle.0123456789ab', 'profiles'), { recursive: true });
      await mkdir(join(parent, '.other.0123456789ab'));
      await writeBundle(join(parent, 'bundle'), contents);
      expect(await readdir(parent)).to.have.members(['.other.0123456789ab', 'bundle']);
    }));

  it('never replaces a folder of other files, or a file', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'thesis.txt'), 'years of work');
      await rejection(writeBundle(directory, contents, { overwrite: true }), OutputExistsError);
      await rejection(writeBundle(join(directory, 'thesis.txt'), contents, { overwrite: true }), OutputExistsError);
      expect(await readFile(join(directory, 'thesis.txt'), 'utf8')).to.equal('years of work');
    }));

  it('writes into an empty folder, and into folders that do not exist yet', () =>
    withDirectory(async (parent) => {
      const empty = join(parent, 'empty');
      await mkdir(empty);
      await writeBundle(empty, contents);
      await load(empty);
      await writeBundle(join(parent, 'a', 'b', 'bundle'), contents);
      await load(join(parent, 'a', 'b', 'bundle'));
    }));
});
