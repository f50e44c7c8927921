import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { easel, startEasel, withDirectory } from './run-easel.js';
import { smallTraining, writeSmallProject, writeTrainingOptions } from './small-project.js';

/** The steps that the metrics tell of, as far as they are written. */
async function reportedSteps(file: string): Promise<number[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.includes('"kind":"step"'))
    .map((line) => JSON.parse(line).step);
}

describe('easel train: Ctrl-C', function () {
  this.timeout(120_000);

  it('saves a checkpoint, says how to resume, and resuming goes on to the end', () =>
    withDirectory(async (directory) => {
      await writeSmallProject(directory);
      await writeTrainingOptions(directory, 60);
      const metrics = join(directory, 'run', 'metrics.jsonl');
      const { child, outcome } = startEasel(['train', ...smallTraining, '--out', 'run'], directory);
      while ((await reportedSteps(metrics)).length === 0 && child.exitCode === null) await sleep(20);
      child.kill('SIGINT');
      const stopped = await outcome;
      expect(stopped.code, stopped.stderr).to.equal(130);
      expect(stopped.stderr).to.include('easel train --out run --resume');
      const [, step, total] = /stopped at step (\d+) of (\d+)/.exec(stopped.stderr) ?? [];
      expect(Number(step)).to.be.within(20, Number(total) - 1);

      const inspected = await easel(['inspect', 'run'], directory);
      expect(inspected.stdout).to.include(`${step} of ${total}`);
      const early = await easel(['generator', '--run', 'run'], directory);
      expect(early.code).to.equal(1);
      expect(early.stderr).to.include(`is at step ${step} of ${total}`).and.to.include('--resume');

      const resumed = await easel(['train', '--out', 'run', '--resume', '--evaluation-epochs', '0'], directory);
      expect(resumed.code, resumed.stderr).to.equal(0);
      const steps = await reportedSteps(metrics);
      expect(steps.at(-1)).to.equal(Number(total));
      expect(steps).to.deep.equal([...new Set(steps)].sort((a, b) => a - b));
      // Nothing was done twice: each line tells of at most 20 steps, and together they tell of all.
      expect(steps.length).to.be.at.least(Math.floor(Number(total) / 20));
    }));

  it('a second one stops at once', () =>
    withDirectory(async (directory) => {
      await writeSmallProject(directory);
      await writeTrainingOptions(directory, 100_000);
      const { child, outcome } = startEasel(['train', ...smallTraining, '--out', 'run'], directory);
      while ((await reportedSteps(join(directory, 'run', 'metrics.jsonl'))).length === 0) await sleep(20);
      child.kill('SIGINT');
      child.kill('SIGINT');
      await once(child, 'exit');
      expect((await outcome).code).to.equal(130);
    }));
});
