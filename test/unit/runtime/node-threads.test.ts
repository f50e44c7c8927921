import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { allowedCpus, nodeRuntime, parseCpuList, pinnedThreads } from '@easel/sdk/node';
import { randomSupernet, subjectsOf } from '@easel/sdk/profiling';
import { presetSpace } from '@easel/sdk/space';
import { imageInput } from '@easel/sdk/subnet';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const { model, resolution } = subjectsOf(randomSupernet(presetSpace('tiny-32'), 4), [], 4)(-1);

/** Numbers of the CPUs that each thread of this process is kept on. */
async function cpusOfThreads(): Promise<string[]> {
  const threads = await readdir('/proc/self/task');
  // A thread may end between the two.
  const files = await Promise.allSettled(threads.map((id) => readFile(`/proc/self/task/${id}/status`, 'utf8')));
  const texts = files.flatMap((file) => (file.status === 'fulfilled' ? file.value : []));
  return texts.map((text) => /^Cpus_allowed_list:\s*(\S+)$/m.exec(text)?.[1] ?? '').sort();
}

describe('nodeRuntime', () => {
  it('leaves no core busy between two inferences, however many threads they use', async () => {
    const session = await nodeRuntime.createSession(model, { threads: 2 });
    try {
      const feeds = { [imageInput]: tensor([1, 3, resolution, resolution]) };
      let idleMs = 0;
      for (let i = 0; i < 10; i++) {
        await session.run(feeds);
        const before = process.cpuUsage();
        await setTimeout(50);
        const { user, system } = process.cpuUsage(before);
        idleMs += (user + system) / 1000;
      }
      // ONNX Runtime's threads would otherwise spin for 30 ms after each run.
      expect(idleMs).to.be.below(80);
    } finally {
      await session.dispose();
    }
  });

  it('keeps threads on CPUs of their own where a run takes all of them, and only there', async function () {
    const cpus = allowedCpus();
    if (!cpus || cpus.length < 2) return this.skip();
    const before = await cpusOfThreads();
    const counted = async (threads: number) => {
      const session = await nodeRuntime.createSession(model, { threads });
      try {
        await session.run({ [imageInput]: tensor([1, 3, resolution, resolution]) });
        return await cpusOfThreads();
      } finally {
        await session.dispose();
      }
    };
    expect(await counted(cpus.length)).to.include.members(cpus.slice(1).map(String));
    expect((await counted(cpus.length + 1)).filter((list) => !before.includes(list))).to.deep.equal([]);
  });

  it('asks for no CPU that the process may not use', async function () {
    if (!allowedCpus()) return this.skip();
    const script = `
      import { nodeRuntime, allowedCpus } from '@easel/sdk/node';
      import { randomSupernet, subjectsOf } from '@easel/sdk/profiling';
      import { presetSpace } from '@easel/sdk/space';
      const { model } = subjectsOf(randomSupernet(presetSpace('tiny-32'), 4), [], 4)(-1);
      const session = await nodeRuntime.createSession(model, { threads: 2 });
      console.log(allowedCpus().length);
      await session.dispose();`;
    const [cpu] = allowedCpus() as readonly [number];
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const command = ['-c', String(cpu), process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = await promisify(execFile)('taskset', command, { cwd });
    expect(stdout.trim()).to.equal('1');
    // ONNX Runtime says "pthread_setaffinity_np failed" there.
    expect(stderr).to.equal('');
  });
});

describe('pinnedThreads', () => {
  it('leaves the first CPU to the caller, and counts from 1 as ONNX Runtime does', () => {
    expect(pinnedThreads(2, [0, 1])).to.deep.equal({ intra_op_thread_affinities: '2' });
    expect(pinnedThreads(4, [2, 3, 6, 7])).to.deep.equal({ intra_op_thread_affinities: '4;7;8' });
  });

  it('pins none where there are CPUs to spare, too few, or unknown ones', () => {
    for (const pinned of [
      pinnedThreads(2, [0, 1, 2]),
      pinnedThreads(2, [0]),
      pinnedThreads(1, [0]),
      pinnedThreads(2),
    ]) {
      expect(pinned).to.deep.equal({});
    }
  });
});

describe('parseCpuList', () => {
  it('reads what Linux writes', () => {
    expect(parseCpuList('0')).to.deep.equal([0]);
    expect(parseCpuList('0-2,5,8-9')).to.deep.equal([0, 1, 2, 5, 8, 9]);
  });
});
