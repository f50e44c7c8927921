import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { build, preview } from 'vite';
import { launchChromium } from './support/chromium.js';
import { root } from './support/site.js';

/** Takes the pictures of the browser example that docs/ shows: `npm run build && node test/dist/browser/screenshots.js`. */
const example = join(root, 'examples/browser');
const images = join(root, 'docs/images');

interface Shot {
  readonly file: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: 'light' | 'dark';
  readonly scale: number;
  readonly fullPage: boolean;
  readonly prepare?: (page: Page) => Promise<void>;
}

const shots: readonly Shot[] = [
  {
    file: 'browser-desktop.png',
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    scale: 1,
    fullPage: true,
    prepare: visitBudgets,
  },
  {
    file: 'browser-dark-adapting.png',
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    scale: 1,
    fullPage: true,
    prepare: async (page) => {
      await page.getByRole('checkbox', { name: 'wildlife' }).press('Space');
      await page.getByRole('checkbox', { name: 'vehicles', exact: true }).press('Space');
      await page.getByRole('button', { name: 'frog' }).click();
      await page.getByRole('checkbox', { name: 'adapt' }).check();
      await page.waitForTimeout(5000);
      await page.getByRole('checkbox', { name: 'load the CPU' }).check();
      await page.waitForTimeout(3000);
    },
  },
  {
    file: 'browser-phone.png',
    viewport: { width: 390, height: 844 },
    colorScheme: 'light',
    scale: 1.5,
    fullPage: true,
    prepare: visitBudgets,
  },
];

/** So that the curve has something measured on it. */
async function visitBudgets(page: Page): Promise<void> {
  const slider = page.getByRole('slider', { name: /budget/i });
  for (const key of ['Home', 'PageUp', 'PageUp', 'PageUp', 'PageUp', 'PageUp', 'PageUp', 'PageUp', 'PageDown']) {
    await slider.press(key);
    await page.waitForTimeout(1200);
  }
  await slider.blur();
}

const server = await preview(
  await build({ root: example, logLevel: 'error' }).then(() => ({ root: example, preview: { port: 0 } })),
);
const browser = await launchChromium();
await mkdir(images, { recursive: true });
for (const { file, viewport, colorScheme, scale, fullPage, prepare } of shots) {
  const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: scale });
  await page.goto(`http://localhost:${(server.httpServer.address() as AddressInfo).port}/`);
  await page.getByTestId('results').locator('.name').first().waitFor();
  await prepare?.(page);
  await page.waitForTimeout(800);
  const png = sharp(await page.screenshot({ fullPage })).png({ palette: true, quality: 90, effort: 10 });
  const { size } = await png.toFile(join(images, file));
  console.log(`${file}: ${Math.round(size / 1000)} kB`);
  await page.close();
}
await browser.close();
await server.close();
