import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { build, type PreviewServer, preview } from 'vite';
import { launchChromium } from './support/chromium.js';
import { root } from './support/site.js';

const example = join(root, 'examples/browser');
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const accessibilityViolations =
  "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(' ')))";
const desktop = { width: 1440, height: 960 };
const phone = { width: 390, height: 844 };

/** A drawing of the page's own, as the PNG that somebody might have of it. */
const drawing = async (name: string) => {
  const svg = await readFile(join(example, `src/samples/${name}.svg`));
  return { name: `${name}.png`, mimeType: 'image/png', buffer: await sharp(svg).resize(300).png().toBuffer() };
};

describe('The browser example', function () {
  this.timeout(90_000);
  const outDir = join(example, 'dist/test');
  let server: PreviewServer;
  let browser: Browser;
  let address: string;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    await build({ root: example, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    server = await preview({ root: example, logLevel: 'error', build: { outDir }, preview: { port: 0 } });
    address = `http://localhost:${(server.httpServer.address() as AddressInfo).port}/`;
    browser = await launchChromium();
    page = await browser.newPage({ viewport: desktop, reducedMotion: 'reduce' });
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(address);
    await page.getByTestId('architecture').waitFor();
    await page.addScriptTag({ path: axe });
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    await rm(outDir, { recursive: true, force: true });
  });

  const textOf = async (testId: string) => (await page.getByTestId(testId).textContent()) as string;
  const architecture = () => textOf('architecture');
  const best = () => page.getByTestId('results').locator('.name').first().textContent();

  it('classifies its first drawing, and measures what was predicted', async () => {
    await eventually(async () => (await best()) === 'airplane', 'an airplane');
    await eventually(async () => /^\d/.test(await textOf('measured')), 'a measured latency');
    const [predicted, measured] = await Promise.all(
      ['predicted', 'measured'].map(async (name) => Number(await textOf(name))),
    );
    // Of the same size; how exactly they agree is a question for a quiet machine.
    expect((measured as number) / (predicted as number)).to.be.within(0.2, 5);
  });

  it('follows the budget, moved by keyboard', async () => {
    const slider = page.getByRole('slider', { name: /budget/i });
    await slider.press('Home');
    await eventually(async () => (await architecture()) === '32:3x2/3x2/3x2/3x2', 'the smallest network');
    const said = await slider.getAttribute('aria-valuetext');
    await slider.press('End');
    await eventually(async () => (await architecture()).length > 36, 'a large network');
    expect(await slider.getAttribute('aria-valuetext')).to.not.equal(said);
    const large = await architecture();
    await slider.press('PageDown');
    await slider.press('PageDown');
    await slider.press('ArrowLeft');
    await eventually(async () => (await architecture()) !== large, 'a smaller network');
  });

  it('follows the tasks, picked by keyboard, and keeps the last one', async () => {
    const [vehicles, pets] = [
      page.getByRole('checkbox', { name: 'vehicles', exact: true }),
      page.getByRole('checkbox', { name: 'pets' }),
    ];
    await pets.press('Space');
    await eventually(async () => (await page.getByTestId('results').locator('li').count()) === 5, 'five results shown');
    await vehicles.press('Space');
    await eventually(async () => (await page.getByTestId('results').locator('li').count()) === 2, 'cat and dog');
    await pets.press('Space');
    expect(await pets.isChecked()).to.equal(true);
  });

  it('classifies an image that is chosen, dropped or pasted', async () => {
    const dog = await drawing('dog');
    await page.getByLabel('Image file').setInputFiles(dog);
    await eventually(async () => (await best()) === 'dog', 'a dog');
    const drop = async (file: typeof dog, type: 'drop' | 'paste') =>
      page.evaluate(
        async ({ name, mimeType, base64, type }) => {
          const blob = await (await fetch(`data:${mimeType};base64,${base64}`)).blob();
          const data = new DataTransfer();
          data.items.add(new File([blob], name, { type: mimeType }));
          const event =
            type === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
          document.body.dispatchEvent(event);
        },
        { name: file.name, mimeType: file.mimeType, base64: file.buffer.toString('base64'), type },
      );
    await page.getByRole('checkbox', { name: 'vehicles', exact: true }).press('Space');
    await drop(await drawing('ship'), 'drop');
    await eventually(async () => (await best()) === 'ship', 'a ship');
    await drop(dog, 'paste');
    await eventually(async () => (await best()) === 'dog', 'a dog again');
  });

  it('says so when a file is no image', async () => {
    const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') };
    await page.getByLabel('Image file').setInputFiles(text);
    await page.getByRole('alert').getByText('notes.txt is not an image that this browser can read.').waitFor();
    await page.getByRole('button', { name: 'ship' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('classifies what a camera sees, and says so where there is none', async () => {
    const buttons = {
      on: page.getByRole('button', { name: 'Use the camera' }),
      off: page.getByRole('button', { name: 'Stop the camera' }),
    };
    await buttons.on.click();
    await page
      .getByRole('alert')
      .getByText(/camera/)
      .waitFor();
    // A camera that sees a drawing: a real stream, of a canvas.
    await page.evaluate(
      async (url) => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const canvas = Object.assign(document.createElement('canvas'), { width: 256, height: 256 });
        const paint = () => canvas.getContext('2d')?.drawImage(image, 0, 0, 256, 256);
        setInterval(paint, 50);
        navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
      },
      `data:image/png;base64,${(await drawing('automobile')).buffer.toString('base64')}`,
    );
    await buttons.on.click();
    await eventually(async () => (await best()) === 'automobile', 'an automobile');
    await buttons.off.click();
    await eventually(async () => (await page.locator('video').count()) === 0, 'the camera off');
  });

  it('adapts when asked to: watches, decides and shows both', async () => {
    await page.getByRole('checkbox', { name: 'adapt' }).check();
    await eventually(async () => (await page.locator('.strip rect').count()) > 20, 'a strip of latencies');
    await page.getByRole('checkbox', { name: 'load the CPU' }).check();
    const decided = page.locator('.decisions .over-budget, .decisions .at-smallest, .decisions .room').first();
    await decided.waitFor({ timeout: 30_000 });
  });

  for (const [name, viewport, scheme] of [
    ['a desktop, light', desktop, 'light'],
    ['a desktop, dark', desktop, 'dark'],
    ['a phone, light', phone, 'light'],
    ['a phone, dark', phone, 'dark'],
  ] as const) {
    it(`has nothing that axe complains about on ${name}, and fits its width`, async () => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      expect(await page.evaluate(accessibilityViolations)).to.deep.equal([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(viewport.width);
    });
  }

  it('leaves the CPU alone when it need not adapt', async () => {
    await page.getByRole('checkbox', { name: 'adapt' }).uncheck();
    expect(await page.getByRole('checkbox', { name: 'load the CPU' }).isChecked()).to.equal(false);
  });

  it('remembers the colours that were chosen', async () => {
    await page.getByRole('radio', { name: 'dark' }).check({ force: true });
    await page.reload();
    await page.getByTestId('architecture').waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).to.equal('rgb(21, 19, 15)');
  });

  it('starts by one command', async () => {
    const vite = spawn('npm', ['run', '--silent', 'example:browser', '--', '--port', '0'], {
      cwd: root,
      detached: true,
    });
    try {
      let output = '';
      vite.stdout.on('data', (chunk) => {
        output += chunk;
      });
      const url = () => /Local:\s+(http\S+)/.exec(stripVTControlCharacters(output))?.[1];
      await eventually(async () => url() !== undefined, 'an address');
      const started = await browser.newPage();
      await started.goto(url() as string);
      await started.getByTestId('results').locator('.name').first().waitFor();
      await started.close();
    } finally {
      // npm, its shell and Vite are one group.
      if (vite.pid) process.kill(-vite.pid, 'SIGTERM');
    }
  });

  it('has had nothing to complain about in the console', () => {
    expect(complaints).to.deep.equal([]);
  });
});

async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within 20 s`);
}
