import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startBundleSite } from './support/bundle-site.js';
import { launchChromium } from './support/chromium.js';
import { openPage } from './support/open-page.js';
import type { Site } from './support/site.js';

const bundle = '/files/bundle';
const ofWasm = '/elsewhere/ort-wasm-simd-threaded.wasm';

describe('What subnets run on in a page', () => {
  let site: Site;
  let stop: () => Promise<void>;
  before(async () => {
    ({ site, stop } = await startBundleSite());
  });
  after(() => stop());

  describe('with a graphics adapter in software', () => {
    let browser: Browser;
    before(async () => {
      browser = await launchChromium({ webgpu: true });
    });
    after(() => browser?.close());

    it('is WebGPU where asked for, with the same results as Wasm', async () => {
      const page = await openPage(browser, site);
      const onWasm = await page.run('load', bundle, { provider: 'wasm' });
      // The Wasm build's file is of no use to WebGPU, which has its own.
      const onGpu = await page.run('load', bundle, { provider: 'webgpu', wasmUrl: ofWasm });
      expect(onGpu.execution).to.deep.equal({ provider: 'webgpu', threads: 1, reasons: [] });
      expect(onGpu.best?.className).to.equal(onWasm.best?.className);
      expect(onGpu.best?.probability).to.be.closeTo(onWasm.best?.probability as number, 1e-3);
      await page.close();
    });

    it('is Wasm otherwise, since that is faster, and says so', async () => {
      const page = await openPage(browser, site);
      const { provider, reasons } = (await page.run('load', bundle)).execution;
      expect(provider).to.equal('wasm');
      expect(reasons).to.deep.equal(['WebGPU has only an adapter in software; running on Wasm instead']);
      await page.close();
    });

    it('takes the .wasm file of each build from its own place', async () => {
      const asyncify = 'ort-wasm-simd-threaded.asyncify.wasm';
      // The generator runs on the Wasm build even where the page is on WebGPU.
      const usual = [`/ort/${asyncify}`, ofWasm.replace('/elsewhere/', '/ort/')];
      for (const path of usual) {
        site.handlers.set(path, (_, response) => {
          response.writeHead(404).end();
        });
      }
      const other = await openPage(browser, site);
      const wasmUrl = { wasm: ofWasm, webgpu: `/elsewhere/${asyncify}` };
      const moved = await other.run('load', bundle, { provider: 'webgpu', wasmUrl });
      expect(moved.execution).to.deep.include({ provider: 'webgpu', reasons: [] });
      const { code, message } = await other.run('loadError', bundle, { wasmUrl: { gpu: ofWasm } as object });
      expect(code).to.equal('INVALID_REQUEST');
      expect(message).to.equal('wasmUrl must be an address, or { wasm, webgpu }, got "gpu"');
      for (const path of usual) site.handlers.delete(path);
      await other.close();
    });

    it('is Wasm where the WebGPU build does not start, and says why', async () => {
      site.handlers.set('/ort/ort-wasm-simd-threaded.asyncify.wasm', (_, response) => {
        response.writeHead(404).end();
      });
      const page = await openPage(browser, site);
      const { provider, reasons } = (await page.run('load', bundle, { provider: 'webgpu' })).execution;
      expect(provider).to.equal('wasm');
      expect(reasons.join()).to.match(
        /^WebGPU failed to start \(.*asyncify\.wasm answers 404.*wasmUrl\.webgpu\); running on Wasm instead$/,
      );
      site.handlers.delete('/ort/ort-wasm-simd-threaded.asyncify.wasm');
      await page.close();
    });
  });

  describe('without a graphics adapter', () => {
    let browser: Browser;
    before(async () => {
      browser = await launchChromium();
    });
    after(() => browser?.close());

    const absences: [string, string, string][] = [
      ['no adapter', '', 'WebGPU finds no graphics adapter'],
      ['no WebGPU', 'delete Navigator.prototype.gpu', 'this browser has no WebGPU'],
      [
        'a WebGPU that fails',
        'navigator.gpu.requestAdapter = () => Promise.reject(new Error("lost"))',
        'WebGPU refuses to open a graphics adapter (lost)',
      ],
    ];
    for (const [what, script, reason] of absences) {
      it(`is Wasm where there is ${what}, and says so`, async () => {
        const page = await openPage(browser, site, { prepare: (bare) => bare.addInitScript(script) });
        const { provider, reasons } = (await page.run('load', bundle)).execution;
        expect(provider).to.equal('wasm');
        expect(reasons).to.deep.equal([`${reason}; running on Wasm instead`]);
        await page.close();
      });
    }

    it('has as many threads as wanted in an isolated page, and one in any other', async () => {
      const isolated = await openPage(browser, site);
      expect((await isolated.run('load', bundle, { threads: 2, provider: 'wasm' })).execution).to.deep.equal({
        provider: 'wasm',
        threads: 2,
        reasons: [],
      });
      await isolated.close();
      const { headers } = site;
      site.headers = {};
      const bare = await openPage(browser, site);
      const { threads, reasons } = (await bare.run('load', bundle, { threads: 2, provider: 'wasm' })).execution;
      expect(threads).to.equal(1);
      expect(reasons.join()).to.match(/not cross-origin isolated.*Cross-Origin-Opener-Policy: same-origin/);
      site.headers = headers;
      await bare.close();
    });

    it('keeps the number of threads that a page began with, and says so', async () => {
      const page = await openPage(browser, site);
      await page.run('load', bundle, { threads: 1, provider: 'wasm' });
      const { threads, reasons } = (await page.run('load', bundle, { threads: 2, provider: 'wasm' })).execution;
      expect(threads).to.equal(1);
      expect(reasons).to.deep.equal(['threads: this page started ONNX Runtime with 1; reload it for more']);
      await page.close();
    });

    it('is never a native CPU', async () => {
      const page = await openPage(browser, site);
      const { code, message } = await page.run('loadError', bundle, { provider: 'cpu' });
      expect(code).to.equal('INVALID_REQUEST');
      expect(message).to.equal('provider must be auto, wasm or webgpu in a browser, got "cpu"');
      await page.close();
    });
  });
});
