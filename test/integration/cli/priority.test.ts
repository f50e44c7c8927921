import { writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { plainSpace } from '../../fixtures/tiny-spaces.js';
import { freePort } from '../../hil/device.js';
import { type RunningEasel, startEasel, withDirectory } from './run-easel.js';

const warning = /warning: this process runs at .* priority .* 2 threads/;
const profile2t = fileURLToPath(
  new URL('../../../../device-profiles/amd-epyc-avx512-onnxruntime-node-2t.tiny-32.json', import.meta.url),
);

/** Ends the command once its standard error holds the text, and returns all of it until then. */
async function errorsUntil(text: string | RegExp, { child, outcome }: RunningEasel): Promise<string> {
  let errors = '';
  child.stderr?.on('data', (chunk: string) => {
    errors += chunk;
    if (errors.search(text) >= 0) child.kill('SIGKILL');
  });
  return (await outcome).stderr;
}

describe('measuring with two threads at another priority than the normal one', function () {
  this.timeout(60_000);
  // Whoever runs the tests may have lowered or raised theirs. Lowering takes no rights; it may not end at the normal one, 0.
  const own = getPriority();
  const lowered = { nice: own === -5 ? 6 : 5 };
  const lowest = 19;

  const profile = (directory: string, threads: string, options?: { nice: number }) => {
    const size = ['--subnets', '8', '--held-out', '0', '--seconds', '1', '--allow-noise', '--quiet'];
    const words = ['profile', '--space', 'space.json', '--threads', threads, '--out', 'out/', ...size];
    return startEasel(words, directory, options).outcome;
  };

  it('easel profile warns, before it measures, and does so all the same', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'space.json'), JSON.stringify(plainSpace));
      const { code, stderr } = await profile(directory, '1,2', lowered);
      expect(code, stderr).to.equal(0);
      expect(stderr)
        .to.match(warning)
        .and.include(`(nice ${Math.min(own + lowered.nice, lowest)};`)
        .and.include('without nice or renice');
      expect(stderr.search(warning)).to.be.below(stderr.indexOf('written: '));
      expect((await profile(directory, '1', lowered)).stderr).not.to.match(warning);
      const usual = await profile(directory, '2');
      expect(usual.code, usual.stderr).to.equal(0);
      expect(warning.test(usual.stderr)).to.equal(own !== 0);
    }));

  it('so do easel profile --check and easel agent', () =>
    withDirectory(async (directory) => {
      const check = startEasel(['profile', '--check', profile2t], directory, lowered);
      expect(await errorsUntil(warning, check)).to.match(warning);
      const agent = startEasel(['agent', '--port', String(await freePort()), '--threads', '2'], directory, lowered);
      expect(await errorsUntil('Ctrl-C', agent)).to.match(warning);
    }));
});
