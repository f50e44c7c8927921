import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { onnxEngine, portable } from '@easel/exporter/engine';
import { DivergedError } from '@easel/exporter/errors';
import { checkpointFile, readCheckpoint, trainSupernet } from '@easel/exporter/training';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

describe('a training whose loss is no longer a number', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-diverged-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const diverge = async (checkpointMinutes: number) =>
    rejection(
      trainSupernet({
        dataset: await openDataset('glyphs'),
        space: plainSpace,
        options: { batchSize: 8, epochs: 1, finishingEpochs: 0, learningRate: 1e25, warmUpEpochs: 0 },
        directory,
        engine: onnxEngine({ lowering: portable, threads: 1 }),
        evaluationEpochs: 0,
        checkpointMinutes,
      }),
      DivergedError,
    );

  it('stops with the step, the learning rate and the last good checkpoint, which it leaves alone', async () => {
    const error = await diverge(1e-9);
    const file = checkpointFile(directory);
    const { step } = await readCheckpoint(file);
    expect(error.checkpoint).to.deep.equal({ file, step });
    expect(error.step).to.equal(step);
    expect(error.learningRate).to.be.within(1e24, 1e25);
    for (const told of [`step ${error.step}`, `${error.learningRate}`, file]) expect(error.message).to.contain(told);
  });

  it('says so where there is no checkpoint', async () => {
    const error = await diverge(10);
    expect(error.message).to.match(/diverged at step \d+ .*no checkpoint/);
    expect(existsSync(checkpointFile(directory))).to.equal(false);
  });
});
