import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchSpace } from '@easel/sdk/space';
import type { Dataset } from '../data/index.js';
import { writeAtomically } from '../files/index.js';
import {
  type EvaluationEvent,
  metricsFile,
  scheduleOf,
  type TrainingEvent,
  type TrainingOptions,
} from '../training/index.js';
import { type ClassSample, dataInPage, type ReportData, reportPage, type StepSeries, stepSeries } from './page.js';
import { classSamples } from './samples.js';
import { thinned } from './series.js';

export interface ReportSubject {
  /** Of the run. */
  readonly directory: string;
  readonly dataset: Dataset;
  readonly space: SearchSpace;
  readonly options: TrainingOptions;
  /** Which started the run. */
  readonly command: string;
}

export const reportFile = (directory: string) => join(directory, 'report.html');

/** Between two writings of the page. */
const WRITE_MS = 20_000;

/** Points of a curve, more than a screen shows. */
const MOST_POINTS = 1500;

/**
 * `report.html` of a run: told of its events, it is written now and then. What happened before this process is read from
 * the run's metrics. A report that cannot be written is a warning: the training matters more.
 */
export class TrainingReport {
  readonly #subject: ReportSubject;
  readonly #samples: readonly ClassSample[];
  #events: TrainingEvent[] | undefined;
  #evaluation: Partial<Pick<EvaluationEvent, 'step' | 'confusion'>>;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();
  #warned = false;

  private constructor(subject: ReportSubject, samples: readonly ClassSample[], former: ReturnType<typeof dataInPage>) {
    this.#subject = subject;
    this.#samples = samples;
    this.#evaluation = former
      ? { confusion: former.confusion, ...(former.evaluatedAt === undefined ? {} : { step: former.evaluatedAt }) }
      : {};
  }

  static async open(subject: ReportSubject): Promise<TrainingReport> {
    const former = await readFile(reportFile(subject.directory), 'utf8').catch(() => '');
    return new TrainingReport(subject, await classSamples(subject.dataset), dataInPage(former));
  }

  add(event: TrainingEvent): void {
    // The metrics of a resumed run have been cut off at its checkpoint by now, and do not hold this event yet.
    this.#events ??= readEvents(metricsFile(this.#subject.directory));
    if (event.kind === 'step' || event.kind === 'evaluation') this.#events.push(event);
    if (event.kind === 'evaluation') this.#evaluation = event;
    if (event.kind !== 'evaluation' && performance.now() - this.#writtenAt < WRITE_MS) return;
    this.#write('running');
  }

  /** @param status what became of the run */
  async end(status: 'finished' | 'stopped' | 'failed'): Promise<void> {
    // A finished run that is resumed tells of nothing, but may have been killed before its last page was written.
    if (status === 'finished') this.#events ??= readEvents(metricsFile(this.#subject.directory));
    if (this.#events) this.#write(status);
    await this.#writing;
  }

  #write(status: string): void {
    this.#writtenAt = performance.now();
    const page = reportPage(this.#data(status));
    this.#writing = this.#writing
      .then(() => writeAtomically(reportFile(this.#subject.directory), page))
      .catch((error) => {
        if (!this.#warned) process.emitWarning(`the report could not be written: ${(error as Error).message}`);
        this.#warned = true;
      });
  }

  #data(status: string): ReportData {
    const { dataset, space, options, command } = this.#subject;
    const events = this.#events ?? [];
    const steps = events.filter((event) => event.kind === 'step');
    const evaluations = events.filter((event) => event.kind === 'evaluation');
    const rows = steps.map(({ step, losses, imagesPerSecond, learningRate, gradientNorm }) => {
      const values = { step, ...losses, imagesPerSecond, learningRate, gradientNorm };
      return stepSeries.map((name) => (values as Partial<Record<string, number>>)[name]);
    });
    const last = steps.at(-1);
    const tasks = evaluations.at(-1)?.tasks ?? {};
    const { confusion = [], step: evaluatedAt } = this.#evaluation;
    return {
      title: `${dataset.name}, ${space.name}`,
      subtitle:
        `${dataset.train.size} training images of ${dataset.classes.length} classes; ${options.epochs} + ` +
        `${options.finishingEpochs} epochs of batches of ${options.batchSize}, seed ${options.seed}`,
      status,
      command,
      written: new Date().toISOString(),
      trainingSteps: scheduleOf(options, dataset.train.size).trainingSteps,
      ...(last
        ? {
            progress: {
              step: last.step,
              totalSteps: last.totalSteps,
              imagesSeen: last.imagesSeen,
              secondsLeft: last.secondsLeft,
            },
          }
        : {}),
      steps: columnsOf(thinned(rows, MOST_POINTS)),
      evaluations: {
        step: evaluations.map(({ step }) => step),
        largest: evaluations.map(({ accuracy }) => accuracy.largest),
        smallest: evaluations.map(({ accuracy }) => accuracy.smallest),
        random: evaluations.map(({ accuracy }) => accuracy.random),
      },
      ...(evaluatedAt === undefined ? {} : { evaluatedAt }),
      tasks: Object.entries(tasks).map(([task, accuracy]) => ({
        task,
        classes: dataset.tasks[task]?.length ?? 0,
        accuracy,
      })),
      confusion,
      samples: this.#samples,
    };
  }
}

function columnsOf(points: ReturnType<typeof thinned>): ReportData['steps'] {
  const column = (name: StepSeries) => points.map((point) => point[stepSeries.indexOf(name)] as number | null);
  return {
    step: column('step'),
    largest: column('largest'),
    smallest: column('smallest'),
    random: column('random'),
    imagesPerSecond: column('imagesPerSecond'),
    learningRate: column('learningRate'),
    gradientNorm: column('gradientNorm'),
  };
}

/** A line that a crash cut short is left out. */
function readEvents(file: string): TrainingEvent[] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // A new run has none yet.
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as TrainingEvent];
    } catch {
      return [];
    }
  });
}
