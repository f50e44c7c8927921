import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type EvaluationRow, paretoPage } from '@easel/exporter/pipeline';
import { expect } from 'chai';
import { withDirectory } from '../fixtures/bundle.js';
import { launchChromium } from './support/chromium.js';

const row = (subnet: EvaluationRow['subnet'], measuredMs: number, accuracy: number): EvaluationRow => ({
  task: '</script>pets',
  subnet,
  architecture: `32:${subnet.length}x2`,
  macs: 5e6,
  measuredMs,
  accuracy,
  unspecialized: 0.5,
  allClasses: 0.5,
  images: 100,
  exceedsByTable: false,
  exceedsMeasured: false,
});

describe('The page of easel evaluate --report', () => {
  it('draws every task without the network, and tells the details of a point on hover', () =>
    withDirectory(async (directory) => {
      const rows = [row('smallest', 1, 0.7), row('generated', 2, 0.8), row('largest', 3, 0.9)];
      const evaluation = { bundle: 'b', device: undefined, threads: 1, metric: 'macs' as const, crossCheck: undefined };
      const file = join(directory, 'report.html');
      await writeFile(file, paretoPage({ ...evaluation, rows }, 'today'));
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        const errors: string[] = [];
        page.on('pageerror', ({ message }) => errors.push(message));
        await page.goto(pathToFileURL(file).href);
        expect(await page.locator('h2').allTextContents()).to.deep.equal(['</script>pets']);
        // The middle point is in the middle of both axes, give or take a tick.
        const box = await page.locator('.u-over').boundingBox();
        if (!box) throw new Error('no plot');
        const hover = page.locator('.hover');
        for (let y = 0.3; y <= 0.7 && !(await hover.isVisible()); y += 0.02) {
          await page.mouse.move(box.x + box.width / 2, box.y + y * box.height);
        }
        expect(await hover.textContent())
          .to.include('generated')
          .and.include('accuracy 80.0 %')
          .and.include('5.0 M MACs');
        expect(errors).to.deep.equal([]);
      } finally {
        await browser.close();
      }
    }));
});
