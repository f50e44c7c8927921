import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { writeProfiles } from '@easel/exporter/pipeline';
import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const name = 'amd-epyc-avx512-onnxruntime-node-1t.tiny-32';

describe('where a profile is written', () => {
  let directory: string;
  let profile: DeviceProfile;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-profiles-'));
    const text = await readFile(new URL(`../../../../device-profiles/${name}.json`, import.meta.url), 'utf8');
    profile = parseProfile(JSON.parse(text), presetSpace('tiny-32'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const write = (out: string, several = false) => writeProfiles([profile], { out, several });

  it('a file of that name', async () => {
    const file = join(directory, 'laptop.json');
    expect(await write(file)).to.deep.equal([file]);
  });

  it('into a folder that is there, and into one that its name says it is', async () => {
    expect(await write(directory)).to.deep.equal([join(directory, `${name}.json`)]);
    await write(join(directory, 'new') + sep);
    expect(await readdir(join(directory, 'new'))).to.deep.equal([`${name}.json`]);
  });

  it('into a folder where there are several', async () => {
    await write(join(directory, 'several'), true);
    expect(await readdir(join(directory, 'several'))).to.deep.equal([`${name}.json`]);
  });
});
