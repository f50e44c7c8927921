import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { CheckpointError, RunError } from '@easel/exporter/errors';
import { type TrainRequest, train } from '@easel/exporter/pipeline';
import { checkpointFile, readCheckpoint } from '@easel/exporter/training';
import { loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { parseSearchSpace, type SearchSpace } from '@easel/sdk/space';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomBundleContents } from '../../fixtures/bundle.js';
import { smallTasks, writeSmallProject } from '../cli/small-project.js';

/** One epoch that leaves the weights where they are, but for rounding. */
const still = {
  epochs: 1,
  finishingEpochs: 0,
  learningRate: 1e-9,
  weightDecay: 0,
  batchSize: 32,
  augmentation: null,
  statistics: { architectures: 2, extremes: 1, collections: 1 },
} as const;

describe('train: init', function () {
  this.timeout(120_000);

  let parent: string;
  let space: SearchSpace;
  /** A run that is done, which no test changes; copies of it may be. */
  let first: TrainRequest;
  let ofFirst: Omit<TrainRequest, 'space'>;
  const place = (name: string) => join(parent, name);
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'easel-init-'));
    await writeSmallProject(parent);
    const whole = parseSearchSpace(JSON.parse(await readFile(place('space.json'), 'utf8')));
    // Half the choices: half the subnets that statistics are collected with.
    space = { ...whole, units: whole.units.map((unit) => ({ ...unit, kernels: [3] })) };
    const data = { spec: place('images'), tasksFile: place('tasks.json'), cacheFolder: place('cache') };
    const settings = { threads: 1, evaluationEpochs: 0, command: 'easel train' };
    first = { directory: place('first'), data, space, options: { ...still, learningRate: 0.05 }, ...settings };
    const { space: _, ...others } = first;
    ofFirst = others;
    await train(first);
  });
  after(() => rm(parent, { recursive: true }));

  const weightsOf = async (directory: string) => (await readCheckpoint(checkpointFile(directory))).weights;
  const refusal = (request: TrainRequest) => train(request).catch((error) => error);

  it('goes on from a run with the same classes, and remembers where it came from', async () => {
    const directory = place('second');
    const second = await train({ ...ofFirst, directory, init: first.directory, options: still });
    expect(second.space).to.deep.equal(first.space);
    expectClose(second.weights, await weightsOf(first.directory), []);

    const { provenance } = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8'));
    expect(provenance.init).to.include({ kind: 'run', path: first.directory, step: 3 });
    expect(provenance.init.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(provenance.init.provenance.command).to.equal('easel train');
    const again = await train({ directory, resume: true, command: '' });
    expect([...again.weights]).to.deep.equal([...second.weights]);

    const other = await refusal({ directory, resume: true, init: join(directory, 'elsewhere'), command: '' });
    expect(other).instanceOf(RunError).property('message').include(`was started from ${first.directory}, not from`);
  });

  it("goes on from a run's checkpoint, of which the one before the last is kept", async () => {
    const often = place('saved-often');
    await train({ ...first, directory: often, checkpointMinutes: 1e-9 });
    const init = join(often, 'checkpoint.previous.bin');
    const before = await readCheckpoint(init);
    expect(before.step).to.be.below((await readCheckpoint(checkpointFile(often))).step);
    const directory = place('from-previous');
    const second = await train({ ...ofFirst, directory, init, options: still });
    expectClose(second.weights, before.weights, []);
    const { provenance } = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8'));
    expect(provenance.init).to.include({ kind: 'run', path: init, step: before.step });

    const elsewhere = join(place('alone'), 'checkpoint.bin');
    await mkdir(dirname(elsewhere));
    await copyFile(init, elsewhere);
    const alone = await refusal({ ...ofFirst, directory: place('third'), init: elsewhere });
    expect(alone).instanceOf(RunError).property('message').include('no run.json');
    const none = await refusal({ ...ofFirst, directory: place('third'), init: place('tasks.json') });
    expect(none).instanceOf(CheckpointError).property('message').include('is not a checkpoint');
  });

  it('starts from a bundle with other classes, with a fresh classifier', async () => {
    const init = place('bundle');
    await writeBundle(init, randomBundleContents(space));
    const directory = place('from-bundle');
    const { weights, normalization } = await train({ ...first, directory, init, options: still });
    const { supernet, manifest } = await loadBundle(directorySource(init));
    expectClose(weights, supernet.weights, ['classifier.weight', 'classifier.bias']);
    expect(weights.get('classifier.weight')?.shape).to.deep.equal([smallTasks.all.length, 16]);
    expect(normalization.mean).to.deep.equal(manifest.preprocessing.mean);
    const { provenance } = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8'));
    expect(provenance.init).to.deep.include({
      kind: 'bundle',
      path: init,
      sha256: manifest.files['supernet.onnx']?.sha256,
      provenance: { command: manifest.provenance.command, date: manifest.provenance.date },
    });
  });

  it('resumed before its first checkpoint, reads what it started from again, if that has not changed', async () => {
    const init = place('origin');
    await cp(first.directory, init, { recursive: true });
    const directory = place('from-origin');
    const second = await train({ ...first, directory, init });
    await rm(checkpointFile(directory));
    const resumed = await train({ ...first, directory, resume: true });
    expect([...resumed.weights]).to.deep.equal([...second.weights]);

    await rm(checkpointFile(directory));
    // Another run in its place.
    await rm(init, { recursive: true });
    await cp(directory, init, { recursive: true });
    await copyFile(join(directory, 'checkpoint.previous.bin'), checkpointFile(init));
    const changed = await refusal({ ...first, directory, resume: true });
    expect(changed).instanceOf(RunError).property('message').include('has changed since');
  });

  it('resumed before its first checkpoint with other data or options, records these', async () => {
    const directory = place('alike');
    await cp(first.directory, directory, { recursive: true });
    const record = async () => JSON.parse(await readFile(join(directory, 'run.json'), 'utf8'));
    const before = await record();
    await rm(checkpointFile(directory));
    await train({ directory, resume: true, command: 'as before', evaluationEpochs: 0 });
    expect(await record()).to.deep.equal(before);

    await rm(checkpointFile(directory));
    const data = { spec: place('images'), resolution: 16, cacheFolder: null };
    await train({ directory, data, options: { seed: 7 }, resume: true, command: 'otherwise', evaluationEpochs: 0 });
    const { data: recorded, options, provenance } = await record();
    expect(recorded).to.deep.equal(data);
    expect(options).to.deep.equal({ ...before.options, seed: 7 });
    expect(provenance.command).to.equal('otherwise');
    expect((await readCheckpoint(checkpointFile(directory))).run.options.seed).to.equal(7);
  });

  it('refuses another search space, and what is neither a bundle nor a run', async () => {
    const directory = place('refused');
    const head = { ...space.head, channels: 24 };
    const wider = await refusal({ ...first, directory, init: first.directory, space: { ...space, head } });
    expect(wider).instanceOf(RunError).property('message').include('space.head.channels is 16, but 24');
    const empty = await refusal({ ...first, directory, init: place('nowhere') });
    expect(empty).instanceOf(RunError).property('message').include('does not exist');
    await cp(first.directory, place('unsaved'), { recursive: true });
    await rm(checkpointFile(place('unsaved')));
    const early = await refusal({ ...first, directory, init: place('unsaved') });
    expect(early).instanceOf(RunError).property('message').include('saved nothing yet');
    const neither = await refusal({ ...first, directory, init: place('images') });
    expect(neither).instanceOf(RunError).property('message').include('neither manifest.json nor run.json');
  });
});

/** Equal up to rounding, but for the named ones, which must differ. */
function expectClose(
  actual: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
  others: readonly string[],
): void {
  for (const [name, { data }] of actual) {
    const trained = expected.get(name)?.data as Float32Array;
    const difference =
      data.length === trained.length
        ? data.reduce((most, value, i) => Math.max(most, Math.abs(value - (trained[i] as number))), 0)
        : Number.POSITIVE_INFINITY;
    if (others.includes(name)) expect(difference, name).to.be.above(1e-3);
    else expect(difference, name).to.be.below(1e-5);
  }
}
