import {
  type Configuration,
  findChromium,
  launchChromium,
  profileChromium,
  profileRemote,
} from '@easel/exporter/profiling';
import { parseProfile } from '@easel/sdk/profile';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

const space = presetSpace('tiny-32');
const brief = { subnets: 6, heldOut: 2, seconds: 1, passes: { least: 1, most: 1 } };
const wasm = (threads: number): Configuration => ({ provider: 'wasm', threads });

describe('profiling browsers', function () {
  this.timeout(60_000);

  it("measures this machine's Chromium, with one thread and with two", async () => {
    const shares: number[] = [];
    const profiles = await profileChromium(space, {
      configurations: [wasm(1), wasm(2)],
      options: brief,
      onProgress: (_, { done, total }) => shares.push(done / total),
    });
    expect(profiles.map(({ runtime }) => runtime.threads)).to.deep.equal([1, 2]);
    for (const profile of profiles) {
      expect(parseProfile(profile, space)).to.deep.equal(profile);
      expect(profile.runtime).to.include({ engine: 'onnxruntime-web', provider: 'wasm' });
      expect(profile.runtime.browser).to.match(/Chrom/);
      expect(profile.measured.subnets).to.equal(6);
    }
    expect(Math.max(...shares)).to.be.within(0, 1);
  });

  it('serves a page to other devices: what their browser lacks is left out with its reason', async () => {
    const skipped: string[] = [];
    // As a phone in the network does, it opens a page that is not secure.
    const browser = await launchChromium({ flags: ['--host-resolver-rules=MAP laptop.test 127.0.0.1'] });
    try {
      const page = await browser.newPage();
      const [profile] = await profileRemote(space, {
        host: '127.0.0.1',
        configurations: [{ provider: 'webgpu', threads: 1 }, wasm(2), wasm(1)],
        options: brief,
        name: 'my-phone',
        onSkipped: ({ provider }, reason) => skipped.push(`${provider}: ${reason}`),
        onListening: (url) => void page.goto(url.replace('127.0.0.1', 'laptop.test')),
      });
      expect(skipped).to.have.length(2);
      expect(skipped[0]).to.match(/^webgpu: .*WebGPU/);
      expect(skipped[1]).to.match(/^wasm: threads: .*secure pages/);
      expect(profile?.name).to.equal('my-phone-1t');
      expect(profile?.runtime.browser).to.match(/^Chrome \d+$/);
      expect(profile?.device.os).to.equal('Linux');
      expect(profile?.device.cores).to.be.at.least(1);
      // The server is gone; the page must not need it any more.
      await page.getByText('Done. You can close this page.').waitFor({ timeout: 5000 });
      expect(page.url()).to.match(/^http:/);
    } finally {
      await browser.close();
    }
  });

  it('tells nobody anything who does not know the address, and believes no malformed profile', async () => {
    const controller = new AbortController();
    let listening = (_: string) => {};
    const url = new Promise<string>((resolve) => {
      listening = resolve;
    });
    const measuring = profileRemote(space, {
      host: '127.0.0.1',
      configurations: [wasm(1)],
      signal: controller.signal,
      onListening: listening,
    });
    const address = await url;
    const { origin } = new URL(address);
    for (const path of ['/', '/job', '/report', '/x/job'])
      expect((await fetch(`${origin}${path}`)).status).to.equal(404);
    expect((await fetch(`${address}job`)).status).to.equal(200);
    expect((await fetch(`${address}ort/../../package.json`)).status).to.equal(404);
    const post = (body: string) => fetch(`${address}report`, { method: 'POST', body });
    expect((await post('{"kind":')).status).to.equal(400);
    const malformed = await post(JSON.stringify({ kind: 'profile', configuration: wasm(1), profile: { name: 'x' } }));
    expect(malformed.status).to.equal(400);
    expect(await malformed.text()).to.include('profile x');
    controller.abort(new Error('enough'));
    expect((await rejection(measuring, Error)).message).to.equal('enough');
  });

  it('says how to get a browser', () => {
    expect(() => findChromium({ PATH: '/nowhere' })).to.throw(/apt-get install chromium.*EASEL_CHROMIUM/);
    expect(() => findChromium({ EASEL_CHROMIUM: '/nosuch' })).to.throw('/nosuch');
  });
});
