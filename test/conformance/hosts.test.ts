import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { presetSpace } from '@easel/sdk/space';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { bundlePage } from '../browser/support/bundle-page.js';
import { launchChromium } from '../browser/support/chromium.js';
import { emptyPage, ortFolder, Site } from '../browser/support/site.js';
import { bundleTasks, randomAdapter, randomBundleContents } from '../fixtures/bundle.js';
import { tinyMobileNetV3 } from '../fixtures/random-supernet.js';
import { expectAlike, json } from './alike.js';
import { type ConformanceContext, conformanceCases, picture } from './suite.js';

describe('The SDK on its hosts', () => {
  let folder: string;
  let site: Site;
  const answers = new Map<string, unknown>();
  const context = (bundles: string): ConformanceContext => ({
    bundle: `${bundles}/tiny`,
    everythingBundle: `${bundles}/everything`,
    adaptedBundle: `${bundles}/adapted`,
    pictureUrl: `${site.origin}/files/picture.png`,
    photoUrl: `${site.origin}/files/photo.jpg`,
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'easel-conformance-'));
    await writeBundle(join(folder, 'tiny'), randomBundleContents(presetSpace('tiny-32')));
    await writeBundle(join(folder, 'everything'), randomBundleContents(tinyMobileNetV3));
    const pets = randomAdapter(tinyMobileNetV3, bundleTasks.pets.length, { seed: 3, gain: 0.02 });
    const contents = randomBundleContents(tinyMobileNetV3);
    await writeBundle(join(folder, 'adapted'), { ...contents, adapters: new Map([['pets', pets]]) });
    const { data, ...raw } = picture;
    await writeFile(join(folder, 'picture.png'), await sharp(data, { raw }).png().toBuffer());
    const photo = sharp(data, { raw }).resize(300, 200, { fit: 'fill' });
    await writeFile(join(folder, 'photo.jpg'), await photo.jpeg({ quality: 80 }).toBuffer());
    site = await new Site({ '/files/': folder, '/ort/': ortFolder }).start();
    site.handlers.set('/', emptyPage);
  });
  after(async () => {
    await site.stop();
    await rm(folder, { recursive: true });
  });

  describe('Node, bundle in a directory', () => {
    for (const { name, run } of conformanceCases) {
      it(name, async () => {
        answers.set(name, json(await run(context(folder))));
      });
    }
  });

  describe('Node, bundle from a web server', () => {
    for (const { name, run } of conformanceCases) {
      it(name, async () => {
        expectAlike(json(await run(context(`${site.origin}/files`))), answers.get(name), name);
      });
    }
  });

  for (const { title, webgpu } of [{ title: 'Chromium, Wasm', webgpu: false }]) {
    describe(title, () => {
      let browser: Browser;
      let page: Page;
      before(async () => {
        site.handlers.set('/suite.js', await bundlePage('test/dist/conformance/page.js'));
        browser = await launchChromium({ webgpu });
        page = await browser.newPage();
        await page.goto(`${site.origin}/`);
        await page.addScriptTag({ type: 'module', url: '/suite.js' });
        await page.waitForFunction('globalThis.runConformanceCase');
      });
      after(() => browser?.close());

      for (const { name } of conformanceCases) {
        it(name, async () => {
          const asked = JSON.stringify([name, context(`${site.origin}/files`)]);
          expectAlike(json(await page.evaluate(`runConformanceCase(...${asked})`)), answers.get(name), name);
        });
      }
    });
  }
});
