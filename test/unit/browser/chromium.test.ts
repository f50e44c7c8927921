import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { findChromium } from '../../browser/support/chromium.js';
import { withDirectory } from '../../fixtures/bundle.js';

describe('findChromium', () => {
  it('takes EASEL_CHROMIUM, then the first of the usual names in PATH', () =>
    withDirectory(async (folder) => {
      const path = join(folder, 'chromium-browser');
      await writeFile(path, '');
      await chmod(path, 0o755);
      expect(findChromium({ PATH: ['/nowhere', folder].join(delimiter) })).to.equal(path);
      expect(findChromium({ PATH: '', EASEL_CHROMIUM: path })).to.equal(path);
    }));

  it('says how to install it', () => {
    expect(() => findChromium({ PATH: '/nowhere' })).to.throw(
      /none of chromium, .*apt-get install chromium.*EASEL_CHROMIUM/,
    );
    expect(() => findChromium({ EASEL_CHROMIUM: '/no/such/program' })).to.throw(
      /EASEL_CHROMIUM is \/no\/such\/program/,
    );
  });
});
