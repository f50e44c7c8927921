import { execFile } from 'node:child_process';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { writeRandomBundle } from '../../fixtures/bundle.js';

/** From test/dist/integration/sdk. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const modules = join(root, 'node_modules');
const sdk = join(root, 'sdk');

/** A project that has installed the SDK but, of its peer dependencies, only these. */
async function projectWith(directory: string, peers: readonly string[]): Promise<void> {
  await mkdir(join(directory, 'node_modules', '@easel', 'sdk'), { recursive: true });
  for (const part of ['package.json', 'dist']) {
    await cp(join(sdk, part), join(directory, 'node_modules', '@easel', 'sdk', part), { recursive: true });
  }
  for (const name of ['pure-rand', ...peers]) {
    await symlink(join(modules, name), join(directory, 'node_modules', name), 'junction');
  }
}

async function run(directory: string, script: string): Promise<string> {
  const file = join(directory, 'script.mjs');
  await writeFile(file, script);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: directory });
  return stdout.trim();
}

describe('A missing peer dependency', () => {
  let parent: string;
  let directory: string;
  before(async () => {
    ({ parent, directory } = await writeRandomBundle(presetSpace('tiny-32')));
  });
  after(() => rm(parent, { recursive: true }));

  it('is named with the command that installs it: onnxruntime-node', async () => {
    const project = join(parent, 'no-runtime');
    await projectWith(project, []);
    const script = `
      import { Easel } from '@easel/sdk';
      const error = await Easel.load(${JSON.stringify(directory)}).catch((error) => error);
      console.log(error.code, error.message);`;
    expect(await run(project, script)).to.equal(
      'MISSING_DEPENDENCY running models in Node needs the package onnxruntime-node; run: npm install onnxruntime-node',
    );
  });

  it('is named with the command that installs it: sharp, which pixels do not need', async () => {
    const project = join(parent, 'no-sharp');
    await projectWith(project, ['onnxruntime-node', 'onnxruntime-common']);
    const script = `
      import { Easel } from '@easel/sdk';
      const easel = await Easel.load(${JSON.stringify(directory)});
      const classifier = await easel.specialize({ tasks: ['pets'], budget: { macs: 2e6 } });
      const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
      console.log((await classifier.classify(pixels)).length);
      const error = await classifier.classify('cat.jpg').catch((error) => error);
      console.log(error.code, error.message);`;
    expect((await run(project, script)).split('\n')).to.deep.equal([
      '2',
      'MISSING_DEPENDENCY decoding image files in Node needs the package sharp; run: npm install sharp',
    ]);
  });
});
