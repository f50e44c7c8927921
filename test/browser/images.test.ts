import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { noise } from '../conformance/suite.js';
import { bundlePage } from './support/bundle-page.js';
import { startBundleSite } from './support/bundle-site.js';
import { launchChromium } from './support/chromium.js';
import { openPage } from './support/open-page.js';
import type { Site } from './support/site.js';

describe('Images in a page', () => {
  let browser: Browser;
  let site: Site;
  let stop: () => Promise<void>;
  let page: Awaited<ReturnType<typeof openPage>>;
  before(async () => {
    const started = await startBundleSite();
    ({ site, stop } = started);
    const { data, ...raw } = noise(50, 31, 5);
    await writeFile(join(started.folder, 'picture.png'), await sharp(data, { raw }).png().toBuffer());
    browser = await launchChromium();
    page = await openPage(browser, site);
  });
  after(async () => {
    await browser?.close();
    await stop();
  });

  it('are classified in every form', async () => {
    const { expected, answers } = await page.run(
      'classifyElements',
      '/files/bundle',
      `${site.origin}/files/picture.png`,
    );
    expect(Object.keys(answers)).to.have.length(11);
    for (const [form, answer] of Object.entries(answers)) expect(answer, form).to.deep.equal(expected);
  });

  it('are classified in a worker, where the page is not held up', async () => {
    site.handlers.set('/worker.js', await bundlePage('test/dist/browser/worker.js', { worker: true }));
    const url = `${site.origin}/files/picture.png`;
    const { expected } = await page.run('classifyElements', '/files/bundle', url);
    const asked = { bundle: '/files/bundle', url, wasmUrl: '/ort/ort-wasm-simd-threaded.wasm' };
    const answer = await page.page.evaluate(
      `new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(${JSON.stringify(asked)});
      })`,
    );
    expect(answer).to.deep.equal({ bitmap: expected, bytes: expected });
  });

  it('are the current frame of a video', async () => {
    const { before, shown, expected } = await page.run('classifyVideo', '/files/bundle');
    expect(before).to.match(/video element: it shows no frame yet; wait for 'loadeddata'/);
    const find = (className: string) => expected.find((each) => each.className === className)?.probability as number;
    for (const { className, probability } of shown) expect(probability).to.be.closeTo(find(className), 0.03);
  });
});
