import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

/** Where packages of Chromium put SwiftShader, a CPU implementation of Vulkan, and a Vulkan loader beside it. */
const drivers = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'].map(
  (folder) => `${folder}/vk_swiftshader_icd.json`,
);
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const suite = fileURLToPath(new URL('../../unit/engine/webgpu.suite.js', import.meta.url));
const easel = fileURLToPath(new URL('../../../../exporter/bin/easel.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(words: readonly string[], variables: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { env: { ...process.env, ...variables } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('the WebGPU provider', function () {
  this.timeout(300_000);

  it('passes the conformance suite on small shapes', async function () {
    const driver = drivers.find((file) => existsSync(file));
    if (!driver) {
      console.log(`      skipped: no SwiftShader here (${drivers.join(', ')}); on Debian: apt install chromium`);
      this.skip();
    }
    const folder = dirname(driver);
    const { code, stdout, stderr } = await node(
      [mocha, '--no-config', '--timeout', '100000', '--reporter', 'json', suite],
      {
        VK_ICD_FILENAMES: driver,
        LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
      },
    );
    const start = stdout.indexOf('{');
    expect(start, `${stdout}\n${stderr}`).to.be.at.least(0);
    const { stats, failures, passes } = JSON.parse(stdout.slice(start));
    const told = failures.map(({ title, err }: { title: string; err: Error }) => `${title}: ${err.message}`);
    expect(told).to.deep.equal([]);
    expect(stats.passes).to.be.above(50);
    // Not by some other adapter: figures and failures should mean the same everywhere.
    expect(passes[0].fullTitle).to.contain('SwiftShader');
    expect(code).to.equal(0);
  });

  it('says why it cannot be used, and what to do, where there is no adapter', async function () {
    if (process.platform !== 'linux') this.skip();
    const none = '/nonexistent/icd.json';
    const { code, stderr } = await node(
      [easel, 'train', '--device', 'webgpu', '--out', join(tmpdir(), 'easel-webgpu-run')],
      {
        VK_ICD_FILENAMES: none,
        VK_DRIVER_FILES: none,
      },
    );
    expect(code).to.equal(1);
    expect(stderr).to.match(/error: the webgpu engine cannot be used: .*adapter.*Vulkan.*--device cpu/);
  });
});
