import { Random } from '@easel/sdk/random';
import { formatArchitecture, largestArchitecture, randomArchitecture, smallestArchitecture } from '@easel/sdk/space';
import type { Statistics } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { BatchSampler, type Dataset, measureNormalization, type Normalization } from '../data/index.js';
import { hashOf } from '../data/sampler.js';
import type { Engine } from '../engine/index.js';
import { DivergedError, type SavedStep } from '../errors/index.js';
import { collectStatistics, statisticsInputs, visitingPlan } from '../supernet/index.js';
import { BatchSource } from './batch-source.js';
import { readBatch } from './batches.js';
import {
  type Checkpoint,
  isBroken,
  previousCheckpoint,
  type RunIdentity,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoint.js';
import type { TrainingEvent } from './events.js';
import { GradientSum } from './gradients.js';
import type { MetricsFile, MetricsLine } from './metrics.js';
import { Sgd } from './optimizer.js';
import { type PhaseAndStage, PhasePool } from './phase-pool.js';
import { quickEvaluation } from './quick-evaluation.js';
import { StepReport } from './report.js';
import { sandwichStep } from './sandwich.js';
import { type Schedule, scheduleOf } from './schedule.js';
import { stageAt } from './stages.js';
import { type InitialSupernet, startingWeights } from './starting-weights.js';
import { TaskDropout } from './task-dropout.js';
import { WeightAverage } from './weight-average.js';

export interface RunArguments {
  readonly identity: RunIdentity;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Of the checkpoint. */
  readonly file: string;
  readonly metrics: MetricsFile<MetricsLine>;
  readonly checkpoint: Checkpoint | undefined;
  /** Where a run without a checkpoint starts. */
  readonly initial?: InitialSupernet;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  readonly checkpointMinutes?: number;
  readonly reportSteps?: number;
  readonly evaluationEpochs?: number;
  readonly evaluationImages?: number;
}

/** The state of one training and what moves it on. Everything that a checkpoint holds is held here. */
export class TrainingRun {
  readonly schedule: Schedule;
  readonly normalization: Normalization;
  readonly weights: Map<string, Tensor>;
  statistics: Statistics | undefined;
  /** Steps done. */
  step: number;

  readonly #run: RunArguments;
  readonly #batches: BatchSource;
  readonly #poolRandom: Random;
  readonly #optimizer: Sgd;
  readonly #average: WeightAverage | undefined;
  readonly #gradients: GradientSum;
  readonly #report: StepReport;
  /** Weights and statistics as the programs' inputs. */
  #inputs: ReadonlyMap<string, Float32Array>;
  readonly #pool: PhasePool;
  #collections: number;
  /** The step after which it was evaluated last. */
  #evaluated: number;
  #imagesSeen: number;
  #seconds: number;
  #saved: SavedStep | undefined;
  #savedAt = performance.now();

  constructor(run: RunArguments) {
    const { identity, dataset, checkpoint, file, initial } = run;
    const { options, space } = identity;
    const { seed } = options;
    this.#run = run;
    this.schedule = scheduleOf(options, dataset.train.size);
    this.step = checkpoint?.step ?? 0;
    this.normalization = checkpoint?.normalization ?? initial?.normalization ?? measureNormalization(dataset);
    const stream = (purpose: string) => new Random(hashOf(`${seed}/${purpose}`));
    const resumed = (purpose: string) => {
      const state = checkpoint?.randoms[purpose];
      return state ? Random.fromState(state) : stream(purpose);
    };
    this.#poolRandom = resumed('pool');
    this.weights = new Map(
      checkpoint?.weights ?? startingWeights(space, dataset.classes, stream('initialization'), initial),
    );
    this.#optimizer = new Sgd(this.weights, options);
    for (const [name, velocity] of checkpoint?.velocity ?? []) this.#optimizer.velocity.get(name)?.set(velocity);
    this.#average =
      options.averaging > 0 ? new WeightAverage(this.weights, options.averaging, checkpoint?.average) : undefined;
    this.statistics = checkpoint?.statistics;
    this.#inputs = this.#programInputs();
    const { augmentation } = options;
    const { train: split, resolution, horizontalFlip } = dataset;
    this.#batches = new BatchSource({
      split,
      resolution,
      normalization: this.normalization,
      batchSize: options.batchSize,
      dropout: new TaskDropout(dataset.classes, dataset.tasks, options.taskDropout),
      sampler: checkpoint
        ? BatchSampler.restore(split, checkpoint.sampler)
        : new BatchSampler(split, { seed: hashOf(`${seed}/sampler`) }),
      randoms: { tasks: resumed('tasks'), augmentation: resumed('augmentation') },
      augmentation: augmentation && {
        ...augmentation,
        horizontalFlip: augmentation.horizontalFlip && horizontalFlip,
      },
      // Those of the largest and the smallest subnet.
      resolutions: [...new Set([Math.max(...space.resolutions), Math.min(...space.resolutions)])],
    });
    this.#gradients = new GradientSum(this.weights);
    const { classes } = dataset;
    this.#pool = new PhasePool(identity, classes.length, run.engine, this.#phaseAndStage(), checkpoint?.pool);
    this.#collections = checkpoint?.collections ?? 0;
    this.#evaluated = checkpoint?.evaluated ?? this.step;
    this.#imagesSeen = checkpoint?.imagesSeen ?? 0;
    this.#seconds = checkpoint?.seconds ?? 0;
    this.#saved = checkpoint && { file, step: checkpoint.step };
    this.#report = new StepReport(run.reportSteps ?? 20);
  }

  async toTheEnd(): Promise<void> {
    const { signal, checkpointMinutes = 10 } = this.#run;
    const { totalSteps, collections } = this.schedule;
    // What it started from may be gone when it is resumed.
    if (this.#run.initial && !this.#saved) await this.save();
    // Where that was under way when the run was stopped.
    await this.#evaluateIfDue();
    for (;;) {
      signal?.throwIfAborted();
      if (collections[this.#collections] === this.step) await this.#collect();
      if (this.step >= totalSteps) break;
      await this.#trainOneStep();
      await this.#evaluateIfDue();
      if (performance.now() - this.#savedAt > checkpointMinutes * 60_000) await this.save();
    }
    if (this.#saved?.step !== this.step || collections[this.#collections - 1] === this.step) await this.save();
  }

  /** @throws DivergedError rather than replace a good checkpoint by one that nothing can go on from */
  async save(): Promise<void> {
    const { identity, file } = this.#run;
    const batches = this.#batches.state;
    const checkpoint: Checkpoint = {
      run: identity,
      step: this.step,
      imagesSeen: this.#imagesSeen,
      seconds: this.#seconds,
      normalization: this.normalization,
      randoms: { ...batches.randoms, pool: this.#poolRandom.state },
      sampler: batches.sampler,
      pool: this.#pool.state(this.#phaseAndStage()),
      collections: this.#collections,
      evaluated: this.#evaluated,
      weights: this.weights,
      velocity: this.#optimizer.velocity,
      average: this.#average && new Map([...this.#average.tensors].map(([name, { data }]) => [name, data])),
      statistics: this.statistics,
    };
    if (isBroken(checkpoint)) throw await this.#diverged();
    // Saved again where nothing was trained since, the last one must not take the place of the one before it.
    const old = !this.#saved ? 'of another run' : this.#saved.step < this.step ? 'kept' : 'replaced';
    await writeCheckpoint(file, checkpoint, old);
    this.#saved = { file, step: this.step };
    this.#savedAt = performance.now();
    await this.#emit({ kind: 'checkpoint', step: this.step, file });
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#batches.dispose(), this.#pool.dispose()]);
  }

  async #trainOneStep(): Promise<void> {
    const { identity, dataset } = this.#run;
    const { options } = identity;
    const { classes } = dataset;
    const at = this.#phaseAndStage();
    const subnets = await this.#pool.subnets(at);
    const learningRate = this.schedule.learningRate(this.step);
    const started = performance.now();
    const compiled = subnets.compileMs;

    const { kept, batch } = await this.#batches.next();
    const dataMs = performance.now() - started;
    const losses = await sandwichStep(
      subnets,
      this.#inputs,
      batch,
      kept,
      { ...options, classes: classes.length, onlyLargest: at.stage === 'largest' },
      this.#gradients,
      this.#poolRandom,
    );
    const gradientNorm = this.#optimizer.step(this.#gradients.tensors, learningRate);
    if (![losses.largest, losses.smallest ?? 0, ...losses.random, gradientNorm].every(Number.isFinite)) {
      throw await this.#diverged();
    }
    this.step++;
    this.#average?.update(this.step);
    // Before anything is saved: a finished run's weights are final.
    if (this.step === this.schedule.totalSteps) this.#average?.adopt();
    this.#imagesSeen += options.batchSize;
    const ms = performance.now() - started;
    this.#seconds += ms / 1000;
    this.#report.add({
      losses,
      gradientNorm,
      keptClasses: kept.reduce((sum, own) => sum + own.length, 0) / kept.length,
      images: options.batchSize,
      ms,
      dataMs,
      compileMs: subnets.compileMs - compiled,
    });
    const { totalSteps } = this.schedule;
    const event = this.#report.event({
      phase: at.phase,
      step: this.step,
      totalSteps,
      imagesSeen: this.#imagesSeen,
      learningRate,
    });
    if (event) await this.#emit(event);
  }

  /** What to throw where the steps done have led to weights that nothing can be calculated from. */
  async #diverged(): Promise<DivergedError> {
    const learningRate = this.schedule.learningRate(Math.max(0, this.step - 1));
    const file = previousCheckpoint(this.#run.file);
    const step = await readCheckpoint(file).then(
      (checkpoint) => checkpoint.step,
      () => undefined,
    );
    // A process that was killed while saving may have left the last one under both names.
    const isOlder = this.#saved !== undefined && step !== undefined && step < this.#saved.step;
    const previous = isOlder ? { file, step } : undefined;
    return new DivergedError(this.step, learningRate, this.#saved, previous);
  }

  /** Statistics are taken from unaugmented images of all classes: that is what devices will see. */
  async #collect(): Promise<void> {
    const { identity, dataset, engine, signal } = this.#run;
    const { space, options } = identity;
    const { train, resolution, classes } = dataset;
    await this.#pool.dispose();
    this.#average?.adopt();
    const seed = `${options.seed}/collection/${this.#collections}`;
    const sampler = new BatchSampler(train, { seed: hashOf(`${seed}/sampler`) });
    const { architectures: count, extremes } = options.statistics;
    const plan = visitingPlan(space, { count, extremes }, new Random(hashOf(`${seed}/architectures`)));
    this.statistics = await collectStatistics(this.weights, plan, {
      space,
      classes: classes.length,
      batch: options.batchSize,
      engine,
      images: (wanted) => {
        signal?.throwIfAborted();
        const indices = sampler.next(options.batchSize);
        return readBatch({ split: train, resolution, normalization: this.normalization }, indices).images(wanted);
      },
      onVisit: (done, total) => this.#run.onEvent?.({ kind: 'collection', step: this.step, done, total }),
    });
    this.#collections++;
    this.#inputs = this.#programInputs();
  }

  async #evaluateIfDue(): Promise<void> {
    const { evaluationEpochs = 1 } = this.#run;
    const { totalSteps, stepsPerEpoch } = this.schedule;
    const every = Math.max(1, Math.round(evaluationEpochs * stepsPerEpoch));
    const isTime = evaluationEpochs > 0 && (this.step % every === 0 || this.step === totalSteps);
    if (isTime && this.#evaluated < this.step) await this.#evaluate();
  }

  async #evaluate(): Promise<void> {
    const { identity, dataset, engine, signal, evaluationImages = 2000 } = this.#run;
    const { space, options } = identity;
    const started = performance.now();
    // Of the steps done, so the phase of the last one.
    const phase = this.schedule.phase(this.step - 1);
    const statistics = phase === 'finishing' ? this.statistics : undefined;
    const random = randomArchitecture(space, new Random(hashOf(`${options.seed}/evaluation`)));
    const architectures = { largest: largestArchitecture(space), smallest: smallestArchitecture(space), random };
    const evaluation = await quickEvaluation(this.#average?.tensors ?? this.weights, statistics, architectures, {
      dataset,
      space,
      normalization: this.normalization,
      engine,
      ...(signal ? { signal } : {}),
      images: evaluationImages,
      batchSize: options.batchSize,
    });
    await this.#emit({
      kind: 'evaluation',
      phase,
      step: this.step,
      ...evaluation,
      randomArchitecture: formatArchitecture(random),
      seconds: (performance.now() - started) / 1000,
    });
    this.#evaluated = this.step;
  }

  async #emit(event: TrainingEvent): Promise<void> {
    this.#run.onEvent?.(event);
    const { confusion: _, ...line } = { confusion: undefined, ...event };
    await this.#run.metrics.write(line);
  }

  #phaseAndStage(): PhaseAndStage {
    const { progressive } = this.#run.identity.options;
    return {
      phase: this.schedule.phase(this.step),
      stage: stageAt(this.step / this.schedule.trainingSteps, progressive),
    };
  }

  #programInputs(): ReadonlyMap<string, Float32Array> {
    const weights = [...this.weights].map(([name, { data }]) => [name, data] as const);
    return new Map([...weights, ...(this.statistics ? statisticsInputs(this.statistics) : [])]);
  }
}
