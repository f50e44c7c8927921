import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { deviceProfileJsonSchema, runtimeFacts, watchOthers } from '@easel/exporter/profiling';
import { deviceFacts, widestVectors } from '@easel/sdk/node';
import { parseProfile, profileName } from '@easel/sdk/profile';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const directory = new URL('../../../../device-profiles/', import.meta.url);

describe('device-profiles/', () => {
  it('has a JSON Schema that is the one of the code (npm run schemas)', async () => {
    const committed = await readFile(new URL('schema/device-profile.schema.json', directory), 'utf8');
    expect(JSON.parse(committed)).to.deep.equal(deviceProfileJsonSchema());
  });

  it('holds well-formed profiles of presets under their own names', async () => {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.json'));
    for (const file of files) {
      const document: unknown = JSON.parse(await readFile(new URL(file, directory), 'utf8'));
      const { name, space } = parseProfile(document);
      expect(file).to.equal(`${name}.json`);
      parseProfile(document, presetSpace(space.name));
    }
  });
});

describe('facts about this machine', () => {
  it('are fit for a profile, and name no host', () => {
    const device = deviceFacts();
    const runtime = runtimeFacts(2);
    expect(device.cores).to.be.at.least(1);
    expect(runtime.version).to.match(/^\d+\.\d+\.\d+/);
    expect(device).to.include.all.keys('cpu', 'architecture', 'cores', 'memoryBytes', 'os');
    expect(JSON.stringify(device)).not.to.include(hostname());
  });

  it('give a profile its name', () => {
    const device = { cpu: 'Intel(R) Core(TM) i7-1165G7 CPU @ 2.80GHz', architecture: 'x64', cores: 8, os: 'linux 6' };
    const runtime = { engine: 'onnxruntime-node', version: '1.30.0', provider: 'cpu', threads: 4 };
    expect(profileName(device, runtime, 'mobile-32')).to.equal('intel-core-i7-1165g7-onnxruntime-node-4t.mobile-32');
    expect(profileName({ ...device, simd: 'avx512' }, { ...runtime, provider: 'webgpu' }, 'tiny-32')).to.equal(
      'intel-core-i7-1165g7-avx512-onnxruntime-node-webgpu-4t.tiny-32',
    );
  });

  it('name the widest vector instructions', () => {
    expect(widestVectors('x64', ['avx', 'avx2', 'avx512f'])).to.equal('avx512');
    expect(widestVectors('x64', ['avx', 'avx2'])).to.equal('avx2');
    expect(widestVectors('arm64', ['asimd'])).to.equal('neon');
    expect(widestVectors('riscv64', [])).to.equal(undefined);
  });

  it('tell how busy other programs are, without this one', async () => {
    const others = watchOthers();
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect(others()).to.be.within(0, deviceFacts().cores);
  });
});
