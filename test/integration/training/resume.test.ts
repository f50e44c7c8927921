import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset, Split } from '@easel/exporter/data';
import { onnxEngine, portable } from '@easel/exporter/engine';
import { CheckpointError, TrainingInterruptedError } from '@easel/exporter/errors';
import {
  checkpointFile,
  metricsFile,
  readCheckpoint,
  type TrainedSupernet,
  type TrainingEvent,
  type TrainSupernetArguments,
  trainSupernet,
} from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { parseSearchSpace } from '@easel/sdk/space';
import { expect } from 'chai';

const space = parseSearchSpace({
  name: 'speck-8',
  version: 1,
  resolutions: [8, 12],
  stem: { channels: 8, stride: 2, activation: 'relu' },
  units: [
    {
      channels: 8,
      stride: 1,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1, 2],
      kernels: [3, 5],
      expandRatios: [2, 3],
    },
  ],
  head: { channels: 16, activation: 'relu' },
});

/** Noise of a colour and brightness per class: learnable, and small enough for a test. */
function noise(size: number, seed: number): Split {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: size }, (_, i) => i % 4);
  const pixels = Uint8Array.from({ length: size * 12 * 12 * 3 }, (_, i) => {
    const label = labels[Math.floor(i / 432)] as number;
    return 60 * (i % 3 === label % 3 ? 1 : 0) + 30 * label + random.integer(60);
  });
  return {
    size,
    labels,
    read(indices, target) {
      for (let i = 0; i < indices.length; i++) {
        const start = (indices[i] as number) * 432;
        target.set(pixels.subarray(start, start + 432), i * 432);
      }
    },
  };
}

const dataset: Dataset = {
  name: 'noise',
  classes: ['a', 'b', 'c', 'd'],
  tasks: { ab: ['a', 'b'], cd: ['c', 'd'] },
  resolution: 12,
  horizontalFlip: true,
  train: noise(96, 1),
  validation: noise(32, 2),
  test: noise(32, 3),
};

const run = {
  dataset,
  space,
  options: {
    batchSize: 16,
    epochs: 4 / 3,
    finishingEpochs: 2 / 3,
    learningRate: 0.05,
    pool: { size: 2, uses: 2 },
    statistics: { architectures: 4, extremes: 1, collections: 2 },
  },
  engine: onnxEngine({ lowering: portable, threads: 1 }),
  reportSteps: 1,
  evaluationEpochs: 2,
} satisfies Partial<TrainSupernetArguments>;

describe('trainSupernet', function () {
  this.timeout(120_000);
  let directory: string;
  let straight: TrainedSupernet;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'easel-training-'));
    straight = await trainSupernet({ ...run, directory: join(directory, 'straight') });
  });
  after(() => rm(directory, { recursive: true }));

  async function eventsOf(folder: string): Promise<TrainingEvent[]> {
    const lines = (await readFile(metricsFile(folder), 'utf8')).trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  /** By step, in order. */
  async function lossesOf(folder: string): Promise<[step: number, losses: object][]> {
    return (await eventsOf(folder)).flatMap((event) => (event.kind === 'step' ? [[event.step, event.losses]] : []));
  }

  /** Runs until `steps` steps are done, then aborts as Ctrl-C does. */
  async function interrupted(folder: string, steps: number, run: TrainSupernetArguments): Promise<unknown> {
    const abort = new AbortController();
    const onEvent = (event: TrainingEvent) => {
      if (event.kind === 'step' && event.step === steps) abort.abort();
    };
    return trainSupernet({ ...run, directory: folder, resume: true, signal: abort.signal, onEvent }).catch((e) => e);
  }

  it('resumes to the bit-identical result, in either phase and between them', async () => {
    const folder = join(directory, 'resumed');
    for (const stop of [3, 8, 10]) {
      const error = await interrupted(folder, stop, { ...run, directory: folder });
      expect(error).instanceOf(TrainingInterruptedError);
      expect((error as TrainingInterruptedError).step).to.equal(stop);
      expect((error as Error).message)
        .to.include(`step ${stop} of 12`)
        .and.include('resume');
    }
    const resumed = await trainSupernet({ ...run, directory: folder, resume: true });
    const bytes = (map: typeof straight.weights) => [...map].map(([name, { data }]) => [name, [...data]]);
    expect(bytes(resumed.weights)).to.deep.equal(bytes(straight.weights));
    expect([...resumed.statistics]).to.deep.equal([...straight.statistics]);

    const lines = (name: string) => lossesOf(join(directory, name));
    expect(await lines('resumed')).to.deep.equal(await lines('straight'));
    expect((await lines('resumed')).length).to.equal(12);
  });

  describe('with every option of the recipe', () => {
    const recipe = {
      ...run.options,
      taskDropout: { per: 'image', keepAll: 0.3, singleTask: 0.5, randomClasses: 0.5 },
      divergence: 'alpha',
      averaging: 0.9,
      progressive: { largest: 0.25, depth: 0.5 },
      augmentation: { cropPadding: 1, horizontalFlip: true, cutout: 4, scale: [0.8, 1.2], cutMix: 0.5 },
      statistics: { ...run.options.statistics, collections: 1 },
    } as const;
    const request = { ...run, options: recipe, evaluationEpochs: 0.5, evaluationImages: 8 };
    let folder: string;
    let whole: TrainedSupernet;
    before(async () => {
      folder = join(directory, 'recipe');
      whole = await trainSupernet({ ...request, directory: folder });
    });

    it('does so too', async () => {
      const resumedFolder = join(directory, 'recipe-resumed');
      // In each stage, where stages change, and in the second phase.
      for (const stop of [1, 2, 5, 6, 7, 9]) {
        await interrupted(resumedFolder, stop, { ...request, directory: resumedFolder });
      }
      const resumed = await trainSupernet({ ...request, directory: resumedFolder, resume: true });
      expect([...resumed.weights]).to.deep.equal([...whole.weights]);
      expect([...resumed.statistics]).to.deep.equal([...whole.statistics]);
      const { average, weights } = await readCheckpoint(checkpointFile(resumedFolder));
      expect([...weights].map(([name, { data }]) => [name, data])).to.deep.equal([...(average as typeof average & {})]);
      const losses = await lossesOf(resumedFolder);
      expect(losses).to.deep.equal(await lossesOf(folder));
      const events = await eventsOf(resumedFolder);
      // The training was stopped at step 6 before that was evaluated.
      const evaluated = events.flatMap(({ kind, step }) => (kind === 'evaluation' ? [step] : []));
      expect(evaluated).to.deep.equal([3, 6, 9, 12]);
      expect(losses.map(([, each]) => 'smallest' in each)).to.deep.equal([...losses.keys()].map((step) => step >= 2));
    });

    it('is evaluated on few images that are of each task', async () => {
      const evaluations = (await eventsOf(folder)).flatMap((event) => (event.kind === 'evaluation' ? [event] : []));
      expect(evaluations).not.to.deep.equal([]);
      for (const { tasks } of evaluations) {
        const shares = Object.values(tasks).flatMap((of) => Object.values(of));
        expect(shares.every((share) => typeof share === 'number')).to.equal(true);
      }
    });

    // Each as soon as it can: the average is what the second phase starts from.
    for (const [change, step] of [
      [{ taskDropout: { ...recipe.taskDropout, per: 'step' } }, 1],
      [{ progressive: null }, 1],
      [{ divergence: 'kl' }, 3],
      [{ averaging: 0 }, 9],
    ] as const) {
      it(`would come out otherwise from step ${step} on with ${JSON.stringify(change)}`, async () => {
        const changed = join(directory, `changed-${Object.keys(change)}`);
        const options = { ...recipe, ...change };
        await interrupted(changed, step, { ...request, options, evaluationEpochs: 0, directory: changed });
        const [losses, before] = [await lossesOf(changed), await lossesOf(folder)];
        expect(losses.slice(0, step - 1)).to.deep.equal(before.slice(0, step - 1));
        expect(losses[step - 1]).not.to.deep.equal(before[step - 1]);
      });
    }
  });

  it('leaves no file open where it cannot start', async () => {
    const folder = join(directory, 'no-weights');
    const { normalization } = await readCheckpoint(checkpointFile(join(directory, 'straight')));
    const initial = { weights: new Map(), normalization, classes: dataset.classes };
    const error = await trainSupernet({ ...run, directory: folder, initial }).catch((e) => e);
    expect(error).property('message').include('has no weight');
    // Where the system tells which files are open.
    const open = await readdir('/proc/self/fd').catch(() => []);
    const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    expect(paths.filter((path) => path.startsWith(folder))).to.deep.equal([]);
  });

  it('returns at once from a finished run', async () => {
    const again = await trainSupernet({ ...run, directory: join(directory, 'straight'), resume: true });
    const { weights } = await readCheckpoint(checkpointFile(join(directory, 'straight')));
    expect([...again.weights]).to.deep.equal([...weights]);
  });

  it('refuses to overwrite a run, or to resume another one', async () => {
    const folder = join(directory, 'straight');
    const attempt = async (changed: Partial<TrainSupernetArguments>) =>
      trainSupernet({ ...run, directory: folder, resume: true, ...changed }).catch((e) => e);
    expect(await attempt({ resume: false }))
      .instanceOf(CheckpointError)
      .property('message')
      .include('already exists');
    const other = await attempt({ options: { ...run.options, learningRate: 0.04 } });
    expect(other).instanceOf(CheckpointError).property('message').include('options.learningRate is 0.05, but 0.04');
    const classes = await attempt({ dataset: { ...dataset, classes: ['a', 'b', 'c', 'x'] } });
    expect(classes).instanceOf(CheckpointError).property('message').include('classes.3 is "d", but "x"');
    const images = await attempt({ dataset: { ...dataset, train: noise(96, 4) } });
    expect(images).instanceOf(CheckpointError).property('message').include('belongs to another data set');
    const elsewhere = await attempt({ space: { ...space, resolutions: [12] } });
    expect(elsewhere).instanceOf(CheckpointError).property('message').include('space.resolutions.0');
  });
});
