import { resolve } from 'node:path';
import { bundlePage } from '#browser/bundle-page';
import { launchChromium } from '#browser/chromium';
import { emptyPage, ortFolder, Site } from '#browser/site';
import type { Measurements } from '../pages/measure.js';
import { parseFlags } from './flags.js';

const defaultBundle = 'examples/bundles/cifar10';

/** `--bundle DIRECTORY` and `--chromium`, which runs the benchmark in a page. */
export function hostOptions(args: readonly string[]): { bundle: string; chromium: boolean } {
  const values = parseFlags(args, {
    bundle: { type: 'string', default: defaultBundle },
    chromium: { type: 'boolean', default: false },
  });
  return values;
}

/** Calls a function of pages/measure.ts in a page in Chromium that has the bundle at /bundle, and other folders. */
export async function inChromium<Name extends keyof Measurements>(
  bundle: string,
  name: Name,
  parameters: Parameters<Measurements[Name]>,
  folders: Readonly<Record<string, string>> = {},
): Promise<Awaited<ReturnType<Measurements[Name]>>> {
  const site = await new Site({ '/bundle/': resolve(bundle), '/ort/': ortFolder, ...folders }).start();
  site.handlers.set('/', emptyPage);
  site.handlers.set('/measure.js', await bundlePage('bench/dist/pages/measure.js'));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${site.origin}/`);
    await page.addScriptTag({ type: 'module', url: '/measure.js' });
    await page.waitForFunction('globalThis.measurements');
    const call = `measurements.${name}(...${JSON.stringify(parameters)})`;
    return await page.evaluate<Awaited<ReturnType<Measurements[Name]>>>(call);
  } finally {
    await browser.close();
    await site.stop();
  }
}
