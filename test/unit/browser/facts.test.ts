import { browserIn, systemIn } from '@easel/sdk/web';
import { expect } from 'chai';

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
/** What browsers send, with what is to be read from it. */
const known = [
  [`Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/140.0.0.0 Mobile Safari/537.36`, 'Chrome 140', 'Android 10'],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet 28',
    'Android 10',
  ],
  ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox 140', 'Android 15'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
    'Safari 26',
    'iPhone',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1',
    'Chrome 140',
    'iPhone',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`,
    'Microsoft Edge 140',
    'Windows NT 10.0',
  ],
  [`Mozilla/5.0 (X11; Linux x86_64) ${webkit} HeadlessChrome/140.0.0.0 Safari/537.36`, 'Chrome 140', 'Linux'],
  ['curl/8.5.0', 'unknown browser', 'unknown system'],
] as const;

describe('what a page without https knows of its device', () => {
  for (const [userAgent, browser, system] of known) {
    it(`${browser} on ${system}`, () => {
      expect(browserIn(userAgent)).to.equal(browser);
      expect(systemIn(userAgent)).to.equal(system);
    });
  }
});
