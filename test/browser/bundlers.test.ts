import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Budget, Easel, type LoadOptions } from '@easel/sdk';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { build, createServer } from 'vite';
import webpack from 'webpack';
import { writeRandomBundle } from '../fixtures/bundle.js';
import { installSdk } from '../fixtures/installed-sdk.js';
import { launchChromium } from './support/chromium.js';
import { ortFolder, root, Site, servePage } from './support/site.js';

const request = { tasks: ['everything'], budget: { macs: 2e6 } };
const image = { data: Uint8Array.from({ length: 48 }, (_, i) => 5 * i), width: 4, height: 4, channels: 3 as const };

/** An application that shows its answer as its title. */
const application = (bundle: string, options: LoadOptions = {}, budget: Budget = request.budget) => `
  import { Easel } from '@easel/sdk';
  const easel = await Easel.load(${JSON.stringify(bundle)}, ${JSON.stringify(options)});
  const classifier = await easel.specialize(${JSON.stringify({ ...request, budget })});
  const image = { data: Uint8Array.from({ length: 48 }, (_, i) => 5 * i), width: 4, height: 4, channels: 3 };
  const [best] = await classifier.classify(image);
  document.title = best.className + ' ' + best.probability.toFixed(4);
`;

describe('The SDK in a page', () => {
  let parent: string;
  let site: Site;
  let browser: Browser;
  let expected: string;

  before(async () => {
    let directory: string;
    ({ parent, directory } = await writeRandomBundle(presetSpace('tiny-32')));
    await installSdk(parent, ['onnxruntime-web', 'onnxruntime-common', 'webpack', 'vite']);
    site = await new Site({
      '/files/': parent,
      '/ort/': ortFolder,
      '/sdk/': join(root, 'sdk/dist'),
      '/vite/': join(parent, 'vite/dist'),
      '/webpack/': join(parent, 'webpack/dist'),
    }).start();
    browser = await launchChromium();
    const easel = await Easel.load(directory);
    const classifier = await easel.specialize(request);
    const [best] = await classifier.classify(image);
    expected = `${best?.className} ${best?.probability.toFixed(4)}`;
    await classifier.dispose();
    await easel.dispose();
  });
  after(async () => {
    await browser?.close();
    await site.stop();
    await rm(parent, { recursive: true });
  });

  async function expectAnswer(url: string): Promise<void> {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(url);
    await page.waitForFunction(`document.title.includes('.')`, undefined, { timeout: 20_000 }).catch(() => {});
    expect([await page.title(), ...problems]).to.deep.equal([expected]);
    await page.close();
  }

  async function project(name: string): Promise<string> {
    const folder = join(parent, name);
    await mkdir(folder);
    await writeFile(join(folder, 'main.js'), application(`${site.origin}/files/bundle`));
    const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>';
    await writeFile(join(folder, 'index.html'), html);
    return folder;
  }

  it('runs as a plain <script type="module"> with an import map', async () => {
    const page = { imports: { '@easel/sdk': '/sdk/easel.min.js' }, script: application('/files/bundle') };
    site.handlers.set('/', (_, response) => servePage(response, page));
    await expectAnswer(`${site.origin}/`);
  });

  it('fetches no more than the core from loading to a class within a latency', async () => {
    const script = application('/files/bundle', { device: 'slow-board' }, { latencyMs: 3 });
    const served = { imports: { '@easel/sdk': '/sdk/easel.min.js' }, script };
    site.handlers.set('/', (_, response) => servePage(response, served));
    const page = await browser.newPage();
    await page.goto(`${site.origin}/`);
    await page.waitForFunction(`document.title.includes('.')`, undefined, { timeout: 20_000 });
    const scripts: string[] = await page.evaluate(
      `performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter((name) => name.startsWith('/sdk/'))`,
    );
    // What `npm run size` counts for every page.
    expect(scripts).to.have.length(2);
    expect(scripts[0]).to.equal('/sdk/easel.min.js');
    expect(scripts[1]).to.match(/^\/sdk\/parts\/core-/);
    await page.close();
  });

  it('runs when built by Vite', async () => {
    const folder = await project('vite');
    await build({ root: folder, base: './', logLevel: 'error', configFile: false, build: { target: 'es2022' } });
    await expectAnswer(`${site.origin}/vite/index.html`);
  });

  it("runs on Vite's development server", async () => {
    const server = await createServer({
      root: join(parent, 'vite'),
      logLevel: 'error',
      configFile: false,
      cacheDir: join(parent, 'vite/cache'),
      server: { port: 0, fs: { strict: false }, headers: { 'Cross-Origin-Embedder-Policy': 'unsafe-none' } },
    });
    try {
      await server.listen();
      site.headers = { 'Access-Control-Allow-Origin': '*' };
      await expectAnswer(server.resolvedUrls?.local[0] as string);
    } finally {
      await server.close();
    }
  });

  it('runs when built by webpack', async () => {
    const folder = await project('webpack');
    const compiler = webpack({
      mode: 'production',
      context: folder,
      entry: './main.js',
      output: { path: join(folder, 'dist'), filename: 'main.js', publicPath: 'auto' },
      experiments: { outputModule: true },
      performance: false,
      optimization: { minimize: false },
    });
    const problems = await new Promise<string>((resolve, reject) =>
      compiler?.run((error, stats) =>
        error ? reject(error) : resolve(stats?.toString({ all: false, errors: true, warnings: true }) ?? ''),
      ),
    );
    expect(problems).to.equal('');
    await writeFile(join(folder, 'dist/index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
    await expectAnswer(`${site.origin}/webpack/index.html`);
  });
});
