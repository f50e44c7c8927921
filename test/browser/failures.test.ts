import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startBundleSite } from './support/bundle-site.js';
import { launchChromium } from './support/chromium.js';
import { openPage } from './support/open-page.js';
import { isolation, type Site, servePage } from './support/site.js';

describe('What goes wrong in a page is told with what to change', () => {
  let browser: Browser;
  let site: Site;
  let folder: string;
  let stop: () => Promise<void>;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    ({ site, folder, stop } = await startBundleSite());
  });
  afterEach(() => stop());

  async function loadError(bundle = '/files/bundle', path = '/', options = {}) {
    const page = await openPage(browser, site, { path });
    const error = await page.run('loadError', bundle, { cache: false, ...options });
    await page.close();
    return error;
  }
  const wasm = '/ort/ort-wasm-simd-threaded.wasm';

  it('a Content-Security-Policy that forbids WebAssembly', async () => {
    site.handlers.set('/strict', (_, response) => {
      response.setHeader('Content-Security-Policy', "script-src 'self' 'unsafe-inline'");
      servePage(response);
    });
    const { name, code, message } = await loadError('/files/bundle', '/strict');
    expect([name, code]).to.deep.equal(['RuntimeLoadError', 'RUNTIME']);
    expect(message).to.match(/Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src/);
  });

  it('a missing .wasm file, and the place of another one mends it', async () => {
    site.handlers.set(wasm, (_, response) => {
      response.writeHead(404).end();
    });
    const { code, message } = await loadError();
    expect(code).to.equal('RUNTIME');
    expect(message)
      .to.include(`${site.origin}${wasm} answers 404`)
      .and.to.match(/copy it there from .*wasmUrl/);
    const page = await openPage(browser, site);
    const { execution } = await page.run('load', '/files/bundle', { wasmUrl: wasm.replace('ort', 'elsewhere') });
    expect(execution.provider).to.equal('wasm');
    await page.close();
  }).timeout(30_000);

  it('a .wasm file that is something else', async () => {
    site.handlers.set(wasm, (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
    });
    const { code, message } = await loadError();
    expect(code).to.equal('RUNTIME');
    expect(message).to.match(
      /does not start \(.*\); check that its \.wasm file is served unaltered \(place: wasmUrl\)/,
    );
  });

  it('a page that does not say where onnxruntime-web is', async () => {
    site.handlers.set('/bare', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
    });
    const { code, message } = await loadError('/files/bundle', '/bare');
    expect(code).to.equal('MISSING_DEPENDENCY');
    expect(message).to.match(/needs the package onnxruntime-web; run: npm install onnxruntime-web/);
  });

  it('an address without a bundle', async () => {
    const { name, message } = await loadError('/files/nothing');
    expect(name).to.equal('BundleError');
    expect(message).to.equal(
      `manifest.json: ${site.origin}/files/nothing/manifest.json: the server answers 404 Not Found; check the address, ` +
        'and that the file was uploaded',
    );
  });

  it('a server that answers with a page instead of a file', async () => {
    site.handlers.set('/files/app/manifest.json', (_, response) => servePage(response));
    const { message } = await loadError('/files/app');
    expect(message).to.match(
      /manifest\.json: the server answers with a web page instead of the file.*check the address/,
    );
  });

  for (const [what, headers, expected] of [
    ['', {}, /its server does not allow this page to read it \(CORS\); send the header Access-Control-Allow-Origin: /],
    [
      ' to an isolated page',
      isolation,
      /cannot be reached; .*if the server is up, send the header Access-Control-Allow/,
    ],
  ] as const) {
    it(`a bundle of another origin that is not shared${what}`, async () => {
      const other = await startBundleSite();
      other.site.headers = {};
      site.headers = headers;
      const { name, message } = await loadError(`${other.site.origin}/files/bundle`);
      expect(name).to.equal('BundleError');
      expect(message).to.match(expected).and.to.include(site.origin);
      other.site.headers = {
        'Access-Control-Allow-Origin': site.origin,
        'Cross-Origin-Resource-Policy': 'cross-origin',
      };
      const page = await openPage(browser, site);
      expect((await page.run('load', `${other.site.origin}/files/bundle`)).name).to.equal('random');
      await page.close();
      await other.stop();
    });
  }

  it('a server that is gone', async () => {
    const other = await startBundleSite();
    await other.stop();
    const { message } = await loadError(`${other.site.origin}/files/bundle`);
    expect(message).to.match(/manifest\.json: cannot be reached; check the address, the network/);
  });

  it('a download that breaks off', async () => {
    const content = await readFile(join(folder, 'bundle/supernet.onnx'));
    site.handlers.set('/files/bundle/supernet.onnx', async (_, response) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 5000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      response.destroy();
    });
    const { name, message } = await loadError();
    expect(name).to.equal('BundleError');
    expect(message).to.match(/^supernet\.onnx: .*truncated: the connection broke after \d+ bytes; load it again$/);
  });

  it('a file that was uploaded in part, and one that was altered', async () => {
    const content = await readFile(join(folder, 'bundle/generator.onnx'));
    let served = content.subarray(0, 1000);
    site.handlers.set('/files/bundle/generator.onnx', (_, response) => {
      response.writeHead(200).end(served);
    });
    const short = await loadError();
    expect(short.message).to.match(/^generator\.onnx: is truncated: 1000 bytes of \d+; copy the bundle again$/);
    served = Buffer.from(content);
    served[500] = (served[500] as number) ^ 1;
    expect((await loadError()).message).to.match(/^generator\.onnx: was altered: its SHA-256 is/);
  });

  it('a page without https, where browsers have no SHA-256', async () => {
    const page = await openPage(browser, site, { origin: site.origin.replace('localhost', 'insecure.test') });
    const { message } = await page.run('loadError', '/files/bundle');
    expect(message).to.match(/cannot be verified: browsers offer SHA-256 only to pages from https or localhost/);
    await page.close();
  });

  it('images that do not load, or whose pixels their server hides', async () => {
    const other = await startBundleSite();
    other.site.headers = {};
    site.headers = {};
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
    other.site.handlers.set('/square.svg', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(svg);
    });
    const page = await openPage(browser, site);
    const missing = await page.run('classifyError', '/files/bundle', `${site.origin}/missing.png`, 'element');
    expect(missing.message).to.equal(`${site.origin}/missing.png: it did not load; check its src`);
    const hidden = await page.run('classifyError', '/files/bundle', `${other.site.origin}/square.svg`, 'element');
    expect(hidden.name).to.equal('ImageError');
    expect(hidden.message).to.match(/comes from another origin.*crossorigin="anonymous".*Access-Control-Allow-Origin/);
    const fetched = await page.run('classifyError', '/files/bundle', `${other.site.origin}/square.svg`, 'url');
    expect(fetched.message).to.match(/square\.svg: its server does not allow this page to read it \(CORS\)/);
    await page.close();
    await other.stop();
  });
});
