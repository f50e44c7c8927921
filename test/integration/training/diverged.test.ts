import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { onnxEngine, portable } from '@easel/exporter/engine';
import { DivergedError } from '@easel/exporter/errors';
import { initializeWeights } from '@easel/exporter/supernet';
import { checkpointFile, readCheckpoint, type TrainSupernetArguments, trainSupernet } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

describe('a training whose loss is no longer a number', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-diverged-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const diverge = async (more: Partial<TrainSupernetArguments> = {}) =>
    rejection(
      trainSupernet({
        dataset: await openDataset('glyphs'),
        space: plainSpace,
        options: { batchSize: 8, epochs: 1, finishingEpochs: 0, learningRate: 1e25, warmUpEpochs: 0 },
        directory,
        engine: onnxEngine({ lowering: portable, threads: 1 }),
        evaluationEpochs: 0,
        ...more,
      }),
      DivergedError,
    );

  it('stops with the step, the learning rate and the last good checkpoint, which it leaves alone', async () => {
    const { classes } = await openDataset('glyphs');
    const weights = initializeWeights(plainSpace, classes.length, new Random(1));
    // Written before the first step, after which all weights are beyond use: a checkpoint of those is due, too.
    const initial = { weights, classes, normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } } as const;
    const error = await diverge({ initial, checkpointMinutes: 1e-9 });
    const file = checkpointFile(directory);
    const saved = await readCheckpoint(file);
    expect(saved.step).to.equal(0);
    for (const [name, { data }] of saved.weights) expect(data, name).to.deep.equal(weights.get(name)?.data);
    expect(error.checkpoint).to.deep.equal({ file, step: 0 });
    expect(error.step).to.equal(1);
    expect(error.learningRate).to.be.within(1e24, 1e25);
    for (const told of [`step ${error.step}`, `${error.learningRate}`, file]) expect(error.message).to.contain(told);
  });

  it('says so where there is no checkpoint, and writes none that nothing could go on from', async () => {
    for (const checkpointMinutes of [10, 1e-9]) {
      const error = await diverge({ checkpointMinutes });
      expect(error.message).to.match(/diverged at step \d+ .*no checkpoint$/);
      expect(existsSync(checkpointFile(directory))).to.equal(false);
    }
  });

  it('saves nothing when it is stopped at the same time', async () => {
    const stop = new AbortController();
    await diverge({ signal: stop.signal, reportSteps: 1, onEvent: () => stop.abort(), checkpointMinutes: 1e-9 });
    expect(existsSync(checkpointFile(directory))).to.equal(false);
  });

  it('calls no checkpoint good from which the very first step diverged', () => {
    const error = new DivergedError(40, 0.1, { file: 'run/checkpoint.bin', step: 40 });
    expect(error.checkpoint).to.equal(undefined);
    expect(error.message).to.match(
      /; no checkpoint is good: the first step from run\/checkpoint.bin, at step 40, diverged$/,
    );
  });
});
