import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { writeRandomBundle } from '../../fixtures/bundle.js';
import { installSdk, runScript } from '../../fixtures/installed-sdk.js';

describe('A missing peer dependency', () => {
  let parent: string;
  let directory: string;
  before(async () => {
    ({ parent, directory } = await writeRandomBundle(presetSpace('tiny-32')));
  });
  after(() => rm(parent, { recursive: true }));

  it('is named with the command that installs it: onnxruntime-node', async () => {
    const project = join(parent, 'no-runtime');
    await installSdk(project, []);
    const script = `
      import { Easel } from '@easel/sdk';
      const error = await Easel.load(${JSON.stringify(directory)}).catch((error) => error);
      console.log(error.code, error.message);`;
    expect((await runScript(project, 'script.mjs', script)).stdout).to.equal(
      'MISSING_DEPENDENCY running models in Node needs the package onnxruntime-node; run: npm install onnxruntime-node',
    );
  });

  it('is named with the command that installs it: sharp, which pixels do not need', async () => {
    const project = join(parent, 'no-sharp');
    await installSdk(project, ['onnxruntime-node', 'onnxruntime-common']);
    const script = `
      import { Easel } from '@easel/sdk';
      const easel = await Easel.load(${JSON.stringify(directory)});
      const classifier = await easel.specialize({ tasks: ['pets'], budget: { macs: 2e6 } });
      const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
      console.log((await classifier.classify(pixels)).length);
      const error = await classifier.classify('cat.jpg').catch((error) => error);
      console.log(error.code, error.message);`;
    expect((await runScript(project, 'script.mjs', script)).stdout.split('\n')).to.deep.equal([
      '2',
      'MISSING_DEPENDENCY decoding image files in Node needs the package sharp; run: npm install sharp',
    ]);
  });

  it('is not what a platform without native code is told, such as a 32-bit Raspberry Pi', async () => {
    const project = join(parent, 'other-platform');
    await installSdk(project, ['onnxruntime-node', 'onnxruntime-common']);
    const script = `
      import { Easel } from '@easel/sdk';
      Object.defineProperty(process, 'arch', { value: 'arm' });
      const error = await Easel.load(${JSON.stringify(directory)}).catch((error) => error);
      console.log(error.name, error.code, error.message);`;
    expect((await runScript(project, 'script.mjs', script)).stdout).to.match(
      /^RuntimeLoadError RUNTIME onnxruntime-node is installed but does not load on \w+ arm \(Cannot find module .*\); it runs on .*arm64/,
    );
  });
});
