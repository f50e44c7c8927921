import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { Random } from '@easel/sdk/random';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { randomBundleContents } from '../fixtures/bundle.js';
import { startBundleSite } from './support/bundle-site.js';
import { launchChromium } from './support/chromium.js';
import { openPage } from './support/open-page.js';
import { type Site, servePage } from './support/site.js';

const bundle = '/files/bundle';
const parts = ['supernet.onnx', 'statistics.safetensors', 'generator.onnx'];

describe('The cache of bundles in a browser', () => {
  let browser: Browser;
  let site: Site;
  let folder: string;
  let stop: () => Promise<void>;
  let page: Awaited<ReturnType<typeof openPage>>;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    ({ site, folder, stop } = await startBundleSite());
    page = await openPage(browser, site);
  });
  afterEach(async () => {
    await page.close();
    await stop();
  });

  it('makes the second load need no file but the manifest, and none at all offline', async () => {
    const first = await page.run('load', bundle);
    expect(first.fetched).to.have.members(parts);
    site.requests.length = 0;
    const second = await page.run('load', bundle);
    expect(second.cached).to.have.members(parts);
    expect(second.best).to.deep.equal(first.best);
    expect(site.requests).to.deep.equal([`${bundle}/manifest.json`]);
    await site.stop();
    const offline = await page.run('load', bundle);
    expect(offline.best).to.deep.equal(first.best);
    await site.start();
  });

  it('keeps one version of every file, under its checksum', async () => {
    const first = await page.run('load', bundle);
    const keys = await page.run('cachedKeys');
    expect(keys).to.have.length(4);
    expect(keys.filter((key) => /\?sha256=[0-9a-f]{64}$/.test(key))).to.have.length(3);
    const other = randomBundleContents(presetSpace('tiny-32'), new Random(99));
    await writeBundle(join(folder, 'bundle'), { ...other, name: 'newer' }, { overwrite: true });
    const second = await page.run('load', bundle);
    expect(second.name).to.equal('newer');
    expect(second.fetched).to.have.members(parts);
    expect(second.best).not.to.deep.equal(first.best);
    const later = await page.run('cachedKeys');
    expect(later).to.have.length(4);
    expect(later.filter((key) => keys.includes(key))).to.deep.equal([`${site.origin}${bundle}/manifest.json`]);
  });

  it('notices a new version where the server lets browsers keep files, and takes none of the old ones', async () => {
    site.headers = { ...site.headers, 'Cache-Control': 'max-age=3600' };
    const first = await page.run('load', bundle, { cache: false });
    const other = randomBundleContents(presetSpace('tiny-32'), new Random(99));
    await writeBundle(join(folder, 'bundle'), { ...other, name: 'newer' }, { overwrite: true });
    const second = await page.run('load', bundle, { cache: false });
    expect(second.name).to.equal('newer');
    expect(second.best).not.to.deep.equal(first.best);
  });

  it('fetches again what was damaged, and keeps nothing that is not what the manifest lists', async () => {
    await page.run('load', bundle);
    await page.run('damageCache', 'supernet.onnx');
    const again = await page.run('load', bundle);
    expect(again.fetched).to.deep.equal(['supernet.onnx']);
    await page.run('damageCache', 'generator.onnx');
    site.handlers.set(`${bundle}/generator.onnx`, (_, response) => {
      response.writeHead(200).end('altered');
    });
    expect((await page.run('loadError', bundle)).message).to.match(/^generator\.onnx: is truncated/);
    site.handlers.clear();
    expect((await page.run('load', bundle)).fetched).to.deep.equal(['generator.onnx']);
  });

  it('is done without where a sandbox around the page forbids it', async () => {
    site.headers = { 'Access-Control-Allow-Origin': '*' };
    site.handlers.set('/sandboxed', (_, response) => {
      response.setHeader('Content-Security-Policy', 'sandbox allow-scripts');
      servePage(response);
    });
    const sandboxed = await openPage(browser, site, { path: '/sandboxed' });
    expect((await sandboxed.run('load', bundle)).fetched).to.have.members(parts);
    await sandboxed.close();
  });

  it('can be left out', async () => {
    await page.run('load', bundle, { cache: false });
    expect(await page.run('cachedKeys')).to.deep.equal([]);
  });
});
