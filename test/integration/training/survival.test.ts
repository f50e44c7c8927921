import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readCheckpoint } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import {
  killedAfter,
  outcomeOf,
  shortRun,
  startedTraining,
  trained,
  writeShortProject,
} from '../../fixtures/short-run.js';
import { easel, easelMain } from '../cli/run-easel.js';

/** In a process of its own, by way of a program that changes what it may do. */
async function easelThrough(wrapper: readonly string[], words: readonly string[], directory: string) {
  const [program, ...first] = wrapper;
  const child = spawn(program as string, [...first, process.execPath, easelMain, ...words], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: '1', EASEL_CACHE: join(directory, '.cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [code, stderr] = await Promise.all([ended, text(child.stderr)]);
  return { code, stderr };
}

describe('easel train: what a run survives', function () {
  this.timeout(120_000);
  let directory: string;
  let straight: Awaited<ReturnType<typeof outcomeOf>>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-survival-'));
    await writeShortProject(directory);
    straight = await outcomeOf(directory, 'straight');
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('gives the same weights twice', async () => {
    expect(straight.step).to.equal(24);
    await trained(directory, 'again');
    expect(await outcomeOf(directory, 'again')).to.deep.equal(straight);
  });

  // More points: npm run test:slow.
  it('is killed at random points of the same run, and resumes to the bit-identical result', async () => {
    const random = new Random(process.pid);
    const points = [0, 8, 16].map((from) => [from + 1 + random.integer(6), random.uniform(0, 60)] as const);
    for (const [step, ms] of points) await killedAfter(step, ms, directory, 'killed', '--resume');
    await trained(directory, 'killed', '--resume');
    const places = points.map(([step, ms]) => `${ms.toFixed(0)} ms after step ${step}`).join(', ');
    expect(await outcomeOf(directory, 'killed'), `killed ${places}`).to.deep.equal(straight);
    expect(await leftovers('killed')).to.deep.equal([]);
    const previous = await readCheckpoint(join(directory, 'killed', 'checkpoint.previous.bin'));
    expect(previous.step).to.equal(straight.step - 1);
  });

  it('refuses a second run in its directory, until the first one has ended, however that ended', async () => {
    const { child, outcome } = await startedTraining(directory, 'shared');
    const second = await easel([...shortRun, '--out', 'shared', '--resume'], directory);
    child.kill('SIGKILL');
    await outcome;
    expect(second.code).to.equal(1);
    expect(second.stderr).to.match(new RegExp(`shared: is in use by process ${child.pid} on .*another directory`));
    await trained(directory, 'shared', '--resume');
    expect(await outcomeOf(directory, 'shared')).to.deep.equal(straight);
  });

  it('ends with a clear error where the disk is full, and keeps the last checkpoint', async () => {
    const { child, outcome } = await startedTraining(directory, 'full');
    child.kill('SIGKILL');
    await outcome;
    const checkpoint = join(directory, 'full', 'checkpoint.bin');
    const before = await readFile(checkpoint);
    const previous = () =>
      readFile(join(directory, 'full', 'checkpoint.previous.bin'), 'base64').catch(() => 'none yet');
    const previousBefore = await previous();
    const ofTheKilled = await leftovers('full');
    // Files of at most 16 KiB: less than a checkpoint.
    const limited = ['/bin/sh', '-c', 'ulimit -f 32; exec "$@"', 'sh'];
    const { code, stderr } = await easelThrough(limited, [...shortRun, '--out', 'full', '--resume'], directory);
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/error: checkpoint full.checkpoint\.bin: cannot be written \(.*EFBIG\); the last one is/);
    expect((await readFile(checkpoint)).equals(before)).to.equal(true);
    expect(await previous()).to.equal(previousBefore);
    // The failed run leaves nothing of its own.
    expect(ofTheKilled).to.include.members(await leftovers('full'));
    await trained(directory, 'full', '--resume');
    expect(await outcomeOf(directory, 'full')).to.deep.equal(straight);
    expect(await leftovers('full')).to.deep.equal([]);
  });

  it('ends with a clear error where the directory is read-only, and keeps the last checkpoint', async () => {
    const { child, outcome } = await startedTraining(directory, 'sealed');
    child.kill('SIGKILL');
    await outcome;
    const folder = join(directory, 'sealed');
    await rm(join(folder, '.lock'));
    const before = await readFile(join(folder, 'checkpoint.bin'));
    await chmod(folder, 0o555);
    // Permissions do not hold root back, unless it gives that privilege away.
    const asOthers =
      process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override'] : ['env'];
    const { code, stderr } = await easelThrough(asOthers, [...shortRun, '--out', 'sealed', '--resume'], directory);
    await chmod(folder, 0o755);
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/error: sealed: cannot be written \(it is not permitted: EACCES\)/);
    expect((await readFile(join(folder, 'checkpoint.bin'))).equals(before)).to.equal(true);
    await trained(directory, 'sealed', '--resume');
    expect(await outcomeOf(directory, 'sealed')).to.deep.equal(straight);
  });

  async function leftovers(run: string): Promise<string[]> {
    const known = [
      'checkpoint.bin',
      'checkpoint.previous.bin',
      'metrics.jsonl',
      'report.html',
      'run.json',
      'tasks.json',
    ];
    return (await readdir(join(directory, run))).filter((name) => !known.includes(name));
  }
});
