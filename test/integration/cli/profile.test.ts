import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openChromiumDevice } from '@easel/exporter/profiling';
import { parseProfile } from '@easel/sdk/profile';
import { profileDevice } from '@easel/sdk/profiling';
import { parseSearchSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { scaled } from '../../fixtures/scaled-profile.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';
import { easel, withDirectory } from './run-easel.js';

/** It holds one subnet: whether a profile of it holds is whether that takes as long again. */
const space = parseSearchSpace({
  ...plainSpace,
  name: 'one-32',
  resolutions: [32],
  units: plainSpace.units.map((unit) => ({ ...unit, depths: [1], kernels: [3], expandRatios: [2] })),
});

describe('easel profile without --out', function () {
  this.timeout(60_000);

  it('prints the profile, and nothing else, on stdout', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'space.json'), JSON.stringify(space));
      const words = ['profile', '--space', 'space.json', '--name', 'my-board', '--seconds', '1', '--held-out', '0'];
      const { code, stdout, stderr } = await easel([...words, '--allow-noise'], directory);
      expect(code, stderr).to.equal(0);
      expect(parseProfile(JSON.parse(stdout), space).name).to.equal('my-board');
      expect(stderr).to.include('device profile my-board').and.not.include('written: ');
      expect(await readdir(directory)).to.deep.equal(['space.json']);
    }));
});

describe('easel profile --check', function () {
  this.timeout(120_000);
  const check = ['profile', '--check', 'profile.json', '--space', 'space.json', '--quiet'];

  it('exits with 0 if it says that the profile holds, else with 1 and the reason; and one of another speed does not hold', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'space.json'), JSON.stringify(space));
      const size = ['--held-out', '0', '--seconds', '2', '--allow-noise', '--quiet'];
      const measure = ['profile', '--space', 'space.json', '--out', 'profile.json', ...size];
      await easel(measure, directory);
      // Beside other tests it may hold or not: its last words and its exit code agree.
      const found = await easel(check, directory);
      expect(found.stdout).to.match(/profile\.json (holds$|does not hold: )/m);
      expect(found.code, found.stdout + found.stderr).to.equal(/holds$/m.test(found.stdout) ? 0 : 1);
      const profile = parseProfile(JSON.parse(await readFile(join(directory, 'profile.json'), 'utf8')), space);
      await writeFile(join(directory, 'profile.json'), JSON.stringify(scaled(profile, 0.1)));
      const slower = await easel(check, directory);
      expect(slower.code, slower.stdout + slower.stderr).to.equal(1);
      expect(slower.stdout).to.match(/profile\.json does not hold/);
    }));

  it('asks for the file of a search space that is no preset', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'space.json'), JSON.stringify(space));
      const size = ['--held-out', '0', '--seconds', '1', '--allow-noise', '--quiet'];
      await easel(['profile', '--space', 'space.json', '--out', 'profile.json', ...size], directory);
      const { code, stderr } = await easel(['profile', '--check', 'profile.json'], directory);
      expect(code).to.equal(1);
      expect(stderr).to.include('--space is missing').and.include('one-32').and.not.include('    at ');
    }));

  it("measures a browser's profile in this machine's Chromium", () =>
    withDirectory(async (directory) => {
      const device = await openChromiumDevice(space, 1);
      const options = { heldOut: 0, passes: { least: 2, most: 2 } };
      const profile = await profileDevice(space, device, options).finally(device.close);
      const other = { ...profile, runtime: { ...profile.runtime, browser: 'Chromium 1' } };
      await writeFile(join(directory, 'profile.json'), JSON.stringify(other));
      await writeFile(join(directory, 'space.json'), JSON.stringify(space));
      const { code, stdout, stderr } = await easel(check, directory);
      expect(code, stderr).to.be.oneOf([0, 1]);
      expect(stdout)
        .to.match(/of 1 subnets/)
        .and.include(`browser: measured with Chromium 1, here is ${profile.runtime.browser}`);
    }));
});
