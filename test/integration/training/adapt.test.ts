import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError, RunError } from '@easel/exporter/errors';
import {
  type AdaptEvent,
  type AdaptRequest,
  adaptersOf,
  adaptRun,
  type EvaluationRow,
  evaluate,
  exportRun,
  openDataOfRun,
  openTrainedRun,
  train,
} from '@easel/exporter/pipeline';
import { checkpointFile, readCheckpoint, writeCheckpoint } from '@easel/exporter/training';
import { Easel } from '@easel/sdk';
import { InvalidRequestError } from '@easel/sdk/errors';
import { Random } from '@easel/sdk/random';
import { parseSearchSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { randomGenerator } from '../../fixtures/bundle.js';
import { randomPredictor } from '../../fixtures/predictor.js';
import { rejection } from '../../fixtures/rejection.js';
import { smallTasks, writeSmallProject } from '../cli/small-project.js';

/** Too short to learn the tasks. */
const training = {
  epochs: 1,
  finishingEpochs: 1,
  learningRate: 0.02,
  finishingLearningRate: 0.02,
  batchSize: 16,
  statistics: { architectures: 4, extremes: 2, collections: 1 },
} as const;
const options = { steps: 30, learningRate: 0.05, rank: 4 };

describe('adapters of a run', function () {
  this.timeout(120_000);

  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'easel-adapt-'));
    await writeSmallProject(root);
    const space = parseSearchSpace(JSON.parse(await readFile(join(root, 'space.json'), 'utf8')));
    const data = {
      spec: join(root, 'images'),
      tasksFile: join(root, 'tasks.json'),
      validationFraction: 0.5,
      cacheFolder: null,
    };
    const settings = { engine: { threads: 1 }, evaluationEpochs: 0, report: false, command: 'easel train' };
    await train({ directory: join(root, 'trained'), data, space, options: training, ...settings });
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** Each with a copy of the run. */
  const project = async (use: (request: AdaptRequest) => Promise<void>) => {
    const directory = await mkdtemp(join(root, 'run-'));
    await cp(join(root, 'trained'), directory, { recursive: true });
    await use({ directory, options, engine: { threads: 1 }, command: 'easel adapt' });
  };

  it('make every task but that of all classes better, and are made once', () =>
    project(async (request) => {
      const events: AdaptEvent[] = [];
      const first = await adaptRun({ ...request, onEvent: (event) => events.push(event) });
      expect(Object.keys(first.tasks)).to.deep.equal(['cold', 'warm']);
      for (const { file, validation } of Object.values(first.tasks)) {
        expect(validation).to.include({ images: 24, subnets: 6 });
        expect(validation.after).above(validation.before);
        expect(file).to.match(/^[0-9a-f]{16}\.bin$/);
      }
      expect(events.filter(({ kind }) => kind === 'step')).to.have.length(2 * options.steps);

      events.length = 0;
      const again = await adaptRun({ ...request, onEvent: (event) => events.push(event) });
      expect(again.tasks).to.deep.equal(first.tasks);
      expect(events.map(({ kind }) => kind)).to.deep.equal(['task', 'task']);

      const other = await adaptRun({ ...request, tasks: ['warm'], options: { ...options, rank: 2 } });
      expect(other.tasks.cold).to.deep.equal(first.tasks.cold);
      expect(other.tasks.warm?.options.rank).to.equal(2);
      const files = Object.values(other.tasks).flatMap(({ file }) => (file === undefined ? [] : [file]));
      expect(await readdir(join(request.directory, 'adapters'))).to.have.members(files);
    }));

  it('come out the same, interrupted or not', () =>
    project(async (request) => {
      const stop = new AbortController();
      const onEvent = (event: AdaptEvent) => {
        if (event.kind === 'step' && event.task === 'warm') stop.abort();
      };
      await rejection(adaptRun({ ...request, signal: stop.signal, onEvent }), InterruptedError);
      const kept = await adaptersOf(await openTrainedRun(request.directory));
      expect([...kept.keys()]).to.deep.equal(['cold']);
      const resumed = await adaptRun(request);
      // Asked for in the other order, with nothing done before.
      const { options: _, ...ofRequest } = request;
      const anew = await adaptRun({
        ...ofRequest,
        tasks: ['warm', 'cold'],
        options: { ...options, cutMix: 0.5, seed: 0 },
      });
      expect(anew.tasks).to.deep.equal(resumed.tasks);
    }));

  it('are refused once the supernet has changed', () =>
    project(async (request) => {
      await adaptRun({ ...request, tasks: ['cold'], options: { steps: 2 } });
      const file = checkpointFile(request.directory);
      const checkpoint = await readCheckpoint(file);
      (checkpoint.weights.get('classifier.bias')?.data as Float32Array)[0] = 3;
      await writeCheckpoint(file, checkpoint);
      const { message } = await rejection(openTrainedRun(request.directory).then(adaptersOf), RunError);
      expect(message).to.include(`easel adapt --run ${request.directory}`);
    }));

  it('are of tasks that there are', () =>
    project(async (request) => {
      const { message } = await rejection(adaptRun({ ...request, tasks: ['lukewarm'] }), InvalidRequestError);
      expect(message).to.match(/cold, warm.*lukewarm/);
      // One of all classes is what the supernet was trained for.
      expect(Object.keys(smallTasks)).to.include('all');
      await rejection(adaptRun({ ...request, tasks: ['all'] }), InvalidRequestError);

      const file = checkpointFile(request.directory);
      const checkpoint = await readCheckpoint(file);
      const { all } = smallTasks;
      await writeCheckpoint(file, { ...checkpoint, run: { ...checkpoint.run, tasks: { all } } });
      expect((await rejection(adaptRun(request), RunError)).message).to.include('nothing to adapt to');
    }));

  it('count in evaluations, which agree with what an application sees', () =>
    project(async (request) => {
      await adaptRun({ ...request, tasks: ['warm'] });
      const run = await openTrainedRun(request.directory);
      const { space, classes } = run.checkpoint.run;
      await writeFile(join(request.directory, 'generator.onnx'), randomGenerator(space, classes.length, new Random(1)));
      await writeFile(join(request.directory, 'predictor.onnx'), randomPredictor(space, classes.length));
      await writeFile(join(request.directory, 'generator.json'), JSON.stringify({ profiles: [] }));
      const bundle = join(request.directory, 'bundle');
      const manifest = await exportRun({
        directory: request.directory,
        out: bundle,
        name: 'warm',
        command: 'easel export',
      });
      expect(Object.keys(manifest.adapters ?? {})).to.deep.equal(['warm']);
      expect(manifest.provenance.adapters).to.deep.include({ command: 'easel adapt' });
      expect(manifest.provenance.adapters?.options).to.include(options);
      const { directory } = request;
      const without = await exportRun({
        ...{ directory, out: join(directory, 'plain'), name: 'plain', command: 'easel export' },
        ...{ adapters: false, measure: false },
      });
      expect(without.adapters).to.equal(undefined);
      const easel = await Easel.load(bundle);
      const dataset = await openDataOfRun(run);
      const { rows, crossCheck } = await evaluate({
        bundle,
        easel,
        dataset,
        tasks: ['warm', 'cold'],
        budgets: 1,
        repeats: 1,
      });
      await easel.dispose();
      const ofTask = (wanted: string) => rows.filter(({ task }) => task === wanted);
      expect(ofTask('warm')).to.have.length(3);
      const { table } = manifest.accuracy as { table: { tasks: Record<string, Record<string, number>> } };
      for (const subnet of ['largest', 'smallest'] as const) {
        const { accuracy } = ofTask('warm').find((row) => row.subnet === subnet) as EvaluationRow;
        expect(table.tasks.warm?.[subnet]).closeTo(accuracy, 1e-4);
      }
      for (const { accuracy, withoutAdapter } of ofTask('warm')) expect(accuracy).above(withoutAdapter as number);
      for (const { withoutAdapter } of ofTask('cold')) expect(withoutAdapter).to.equal(undefined);
      expect(crossCheck).to.include({ task: 'warm', images: 16, agreeing: 16 });
      expect(crossCheck?.accuracy).to.equal(ofTask('warm').find(({ subnet }) => subnet === 'generated')?.accuracy);
    }));
});
