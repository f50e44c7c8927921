import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { type Engine, onnxEngine, portable } from '@easel/exporter/engine';
import { DivergedError } from '@easel/exporter/errors';
import { initializeWeights } from '@easel/exporter/supernet';
import {
  checkpointFile,
  readCheckpoint,
  type TrainingEvent,
  type TrainSupernetArguments,
  trainSupernet,
} from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

describe('a training whose loss is no longer a number', () => {
  let directory: string;
  const onnx = onnxEngine({ lowering: portable, threads: 1 });
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
        engine: onnx,
        evaluationEpochs: 0,
        ...more,
      }),
      DivergedError,
    );

  /** Given weights, a run saves its first checkpoint before its first step. */
  const startingPoint = async () => {
    const { classes } = await openDataset('glyphs');
    const weights = initializeWeights(plainSpace, classes.length, new Random(1));
    return {
      initial: { weights, classes, normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } },
    } as const;
  };

  it('stops with the step, the learning rate and the last good checkpoint, which it leaves alone', async () => {
    // Written before the first step, after which all weights are beyond use: a checkpoint of those is due, too.
    const { initial } = await startingPoint();
    const { weights } = initial;
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
      expect(error.message).to.match(
        /diverged at step \d+ .*no checkpoint was saved: start again with a smaller learning rate$/,
      );
      expect(existsSync(checkpointFile(directory))).to.equal(false);
    }
  });

  /** Weights of which the next step cannot be calculated, though all of them are numbers that could be saved. */
  const tooLarge = { batchSize: 8, epochs: 1, finishingEpochs: 0, learningRate: 1e13, warmUpEpochs: 0 };

  it('goes back to the checkpoint before the last one, where the last one is bad already', async () => {
    const error = await diverge({ ...(await startingPoint()), options: tooLarge, checkpointMinutes: 1e-9 });
    const file = checkpointFile(directory);
    const previous = { file: join(directory, 'checkpoint.previous.bin'), step: 0 };
    expect(error).to.deep.include({ step: 1, learningRate: 1e13, checkpoint: undefined, previous });
    expect((await readCheckpoint(file)).step).to.equal(1);
    expect((await readCheckpoint(previous.file)).step).to.equal(0);
    expect(error.message).to.match(/checkpoint.bin of step 1, is bad already: .* of step 0, .* --init .*previous.bin/);
  });

  it('does not offer the last checkpoint as the one before it, as which a killed process may have left it', async () => {
    await diverge({ ...(await startingPoint()), options: tooLarge, checkpointMinutes: 1e-9 });
    await copyFile(checkpointFile(directory), join(directory, 'checkpoint.previous.bin'));
    const error = await diverge({ options: tooLarge, resume: true });
    expect(error.previous).to.equal(undefined);
    expect(error.message).to.match(/is bad already: start again with a smaller learning rate$/);
  });

  it('saves nothing when it is stopped at the same time', async () => {
    const stop = new AbortController();
    let steps = 0;
    const onEvent = ({ kind }: TrainingEvent) => {
      if (kind === 'step') steps++;
    };
    // Stopped in the midst of the step that diverges, when the weights are numbers still.
    const engine: Engine = {
      name: onnx.name,
      async compile(program) {
        const compiled = await onnx.compile(program);
        return {
          run(feeds) {
            if (steps === 1) stop.abort();
            return compiled.run(feeds);
          },
          dispose: () => compiled.dispose(),
        };
      },
    };
    await diverge({ engine, signal: stop.signal, reportSteps: 1, onEvent, options: tooLarge });
    expect(stop.signal.aborted).to.equal(true);
    expect(existsSync(checkpointFile(directory))).to.equal(false);
  });

  it('calls no checkpoint good from which a step cannot be calculated', () => {
    const saved = { file: 'run/checkpoint.bin', step: 40 };
    const error = new DivergedError(40, 0.1, saved, undefined);
    expect(error.checkpoint).to.equal(undefined);
    expect(error.message).to.match(
      /; the last checkpoint, run\/checkpoint.bin of step 40, is bad already: start again with a smaller learning rate$/,
    );
  });

  it('names the checkpoint before a good one too, which may be bad though steps can be calculated from it', () => {
    const [saved, previous] = [40, 30].map((step) => ({ file: `${step}.bin`, step }));
    const error = new DivergedError(41, 0.1, saved, previous);
    expect(error.checkpoint).to.equal(saved);
    expect(error.message).to.match(/of step 40, .*: easel train --init 40.bin .*, from 30.bin, of step 30\)$/);
  });
});
