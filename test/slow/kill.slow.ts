import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { killed, outcomeOf, trained, writeShortProject } from '../fixtures/short-run.js';

const points = 20;

describe(`easel train: killed at ${points} random points`, function () {
  this.timeout(600_000);
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-kill-'));
    await writeShortProject(directory);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('resumes to the bit-identical result from each of them', async () => {
    const straight = await outcomeOf(directory, 'straight');
    const ms = await trained(directory, 'again');
    const random = new Random(process.pid);
    for (let i = 0; i < points; i++) {
      const moment = random.uniform(0, ms);
      await killed(directory, `run-${i}`, moment);
      await trained(directory, `run-${i}`, '--resume');
      expect(await outcomeOf(directory, `run-${i}`), `killed after ${moment} ms`).to.deep.equal(straight);
    }
  });

  it(`resumes to it after ${points} kills of the same run`, async () => {
    const straight = await outcomeOf(directory, 'straight');
    const ms = await trained(directory, 'once-more');
    const random = new Random(process.pid + 1);
    for (let i = 0; i < points; i++) await killed(directory, 'hunted', random.uniform(0.3, 0.8) * ms, '--resume');
    await trained(directory, 'hunted', '--resume');
    expect(await outcomeOf(directory, 'hunted')).to.deep.equal(straight);
  });
});
