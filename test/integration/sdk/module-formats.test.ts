import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { withDirectory, writeRandomBundle } from '../../fixtures/bundle.js';
import { installSdk, runScript } from '../../fixtures/installed-sdk.js';

const peers = ['onnxruntime-node', 'onnxruntime-common', 'sharp'];

describe('The published SDK', () => {
  let parent: string;
  let directory: string;
  before(async () => {
    ({ parent, directory } = await writeRandomBundle(presetSpace('tiny-32')));
    await installSdk(parent, [...peers, 'typescript', '@typescript', '@types/node', 'undici-types']);
  });
  after(() => rm(parent, { recursive: true }));

  const body = () => `
    const run = async () => {
      const easel = await Easel.load(${JSON.stringify(directory)}, { device: 'fast-board' });
      const classifier = await easel.specialize({ tasks: ['pets'], budget: { latencyMs: 1 } });
      const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
      const [best] = await classifier.classify(pixels);
      const error = await easel.specialize({ tasks: ['plants'], budget: { macs: 1e6 } }).catch((error) => error);
      await classifier.dispose();
      await easel.dispose();
      console.log(best.className, best.probability, error instanceof UnknownTaskError, presetSpace('tiny-32').name);
    };
    run();`;

  it('starts in Node as ES module and as CommonJS, alike, and says nothing on standard error', async () => {
    const esm = await runScript(
      parent,
      'script.mjs',
      `import { Easel, UnknownTaskError } from '@easel/sdk'; import { presetSpace } from '@easel/sdk/space'; ${body()}`,
    );
    const commonJs = await runScript(
      parent,
      'script.cjs',
      `const { Easel, UnknownTaskError } = require('@easel/sdk'); const { presetSpace } = require('@easel/sdk/space'); ${body()}`,
    );
    expect(esm.stderr).to.equal('');
    expect(esm.stdout).to.match(/^(cat|dog) 0\.\d+ true tiny-32$/);
    expect(commonJs).to.deep.equal(esm);
  });

  it('names a missing runtime in CommonJS, too', () =>
    withDirectory(async (project) => {
      await installSdk(project, []);
      const load = `require('@easel/sdk').Easel.load(${JSON.stringify(directory)})`;
      const { stdout } = await runScript(project, 'script.cjs', `${load}.catch((error) => console.log(error.code));`);
      expect(stdout).to.equal('MISSING_DEPENDENCY');
    }));

  const snippet = `
    import { type Budget, type Classifier, Easel, type ImageInput, InfeasibleBudgetError } from '@easel/sdk';
    import { httpSource } from '@easel/sdk/HOST';
    export async function start(image: ImageInput, budget: Budget): Promise<Classifier> {
      const source = httpSource(new URL('https://example.org/bundle'), { cache: false });
      const easel = await Easel.load(source, { device: 'phone', onProgress: ({ loadedBytes }) => loadedBytes.toFixed() });
      const classifier = await easel.specialize({ tasks: ['pets'], budget });
      const [best] = await classifier.classify(image);
      const name: string | undefined = best?.className;
      console.log(name, classifier.predicted.latencyMs, easel.execution.reasons);
      // @ts-expect-error: a budget is not a number
      easel.specialize({ tasks: ['pets'], budget: 5 }).catch((error) => error instanceof InfeasibleBudgetError);
      return classifier;
    }`;
  const browserOnly = `
    export const inBrowser = async (classifier: Classifier, video: HTMLVideoElement, frame: VideoFrame) =>
      [await classifier.classify(video), await classifier.classify(frame)];`;
  const projects = {
    'Node, ES module': { file: 'a.mts', module: 'NodeNext', lib: ['ES2023'], types: ['node'], more: '' },
    'Node, CommonJS': { file: 'b.cts', module: 'NodeNext', lib: ['ES2023'], types: ['node'], more: '' },
    'a bundler': { file: 'c.ts', module: 'ESNext', lib: ['ES2023', 'DOM'], types: [], more: browserOnly },
  };
  for (const [title, { file, module, lib, types, more }] of Object.entries(projects)) {
    it(`has types for ${title}`, async () => {
      const host = types.length > 0 ? 'node' : 'web';
      await writeFile(join(parent, file), snippet.replace('HOST', host) + more);
      const moduleResolution = module === 'ESNext' ? 'Bundler' : 'NodeNext';
      const compilerOptions = { module, moduleResolution, lib, types, strict: true, noEmit: true, skipLibCheck: false };
      await writeFile(join(parent, `${file}.json`), JSON.stringify({ compilerOptions, files: [file] }));
      const tsc = join(parent, 'node_modules/typescript/bin/tsc');
      const compiled = promisify(execFile)(process.execPath, [tsc, '-p', `${file}.json`], { cwd: parent });
      const problems = await compiled.then(
        () => '',
        (error: { stdout: string }) => error.stdout,
      );
      expect(problems).to.equal('');
    });
  }
});
