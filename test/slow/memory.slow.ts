import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Easel } from '@easel/sdk';
import { expect } from 'chai';
import { launchChromium } from '../browser/support/chromium.js';
import { openPage } from '../browser/support/open-page.js';
import { emptyPage, ortFolder, root, Site } from '../browser/support/site.js';
import { respecialize } from '../fixtures/respecialize.js';

const bundle = join(root, 'examples/bundles/cifar10');
/** After a warm-up: the native heap finds its size, and Wasm's memory grows by a fifth at a time. */
const mostGrowth = 0.05;

describe('Re-specializing without end', function () {
  this.timeout(900_000);

  it('does not grow in Node: 2,000 subnets after 600', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const easel = await Easel.load(bundle);
    const memory = async () => {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 100));
      collect();
      return process.memoryUsage().rss;
    };
    await respecialize(easel, 0, 600);
    const before = await memory();
    await respecialize(easel, 600, 2000);
    const growth = (await memory()) / before - 1;
    await easel.dispose();
    console.log(`      ${(before / 2 ** 20).toFixed(0)} MiB, then ${(100 * growth).toFixed(1)} %`);
    expect(growth).to.be.lessThan(mostGrowth);
  });

  it('does not grow in Chromium: 200 subnets after 100', async () => {
    const site = await new Site({ '/files/': join(root, 'examples/bundles'), '/ort/': ortFolder }).start();
    site.handlers.set('/', emptyPage);
    const browser = await launchChromium();
    try {
      const { page, run } = await openPage(browser, site);
      const devtools = await page.context().newCDPSession(page);
      const memory = async () => {
        await devtools.send('HeapProfiler.collectGarbage');
        return run('memory');
      };
      await run('respecialize', '/files/cifar10', 0, 100);
      const before = await memory();
      await run('respecialize', '/files/cifar10', 100, 200);
      const growth = (await memory()) / before - 1;
      console.log(`      ${(before / 2 ** 20).toFixed(0)} MiB, then ${(100 * growth).toFixed(1)} %`);
      expect(growth).to.be.lessThan(mostGrowth);
    } finally {
      await browser.close();
      await site.stop();
    }
  });
});
