import { basename, dirname, join, resolve } from 'node:path';
import { listed } from '@easel/sdk/errors';
import { spaceSize } from '@easel/sdk/space';
import { type Command, Option } from 'commander';
import { leastValidationImages } from '../../data/dataset.js';
import { rarestClass } from '../../data/sampler.js';
import { type Device, devices, type EngineName, engines } from '../../engine/choices.js';
import { MissingOptionError, TrainingInterruptedError } from '../../errors/index.js';
import { readJsonObject } from '../../pipeline/files.js';
import type { DataSource } from '../../pipeline/run-directory.js';
import type { PartialTrainingOptions, TrainingStart } from '../../pipeline/train.js';
import type { TrainingEvent, TrainingOptions } from '../../training/index.js';
import {
  atLeastZero,
  fraction,
  given,
  integer,
  positiveInteger,
  positiveNumber,
  presetNames,
  searchSpace,
  wholeNumber,
} from '../arguments.js';
import { easelCommand, note, print, printNext, typable, typedCommand } from '../command.js';
import { interruptible } from '../interrupt.js';
import { formatSeconds } from '../progress.js';
import { ProgressGroup } from '../progress-group.js';
import { percent, shortCount } from '../table.js';

interface Flags {
  data?: string;
  tasksFile?: string;
  resolution?: number;
  validationFraction?: number;
  dataSeed?: number;
  space?: string;
  out?: string;
  resume?: boolean;
  init?: string;
  options?: string;
  seed?: number;
  epochs?: number;
  finishingEpochs?: number;
  batchSize?: number;
  learningRate?: number;
  finishingLearningRate?: number;
  weightDecay?: number;
  labelSmoothing?: number;
  randomSubnets?: number;
  keepAll?: number;
  averaging?: number;
  temperature?: number;
  /** As typed: `trainingOptions` checks it. */
  divergence?: TrainingOptions['divergence'];
  progressive?: boolean;
  augmentation: boolean;
  distillation: boolean;
  engine?: EngineName;
  device?: Device;
  report: boolean;
  threads?: number;
  checkpointMinutes?: number;
  evaluationEpochs?: number;
  evaluationImages?: number;
  quiet?: boolean;
}

export function trainCommand(): Command {
  return easelCommand('train', 'Train an elastic network (a supernet) on images.', [
    'easel train --data glyphs --space tiny-32 --out runs/glyphs',
    'easel train --data photos.tar --tasks-file tasks.json --space mobile-32 --out runs/photos --epochs 60',
    'easel train --out runs/photos --resume',
    'easel train --data more-photos.tar --init runs/photos --out runs/more-photos --epochs 10',
  ])
    .option(
      '--data <set>',
      '"glyphs", a folder or .tar of train/CLASS/*.jpg and test/CLASS/*.jpg, or the binary files of CIFAR-10/100 ' +
        '(default: glyphs)',
    )
    .option('--tasks-file <file>', 'JSON file that names groups of classes: {"tasks": {"pets": ["cat", "dog"]}}')
    .option(
      '--resolution <px>',
      "side at which images are kept (default: the data set's own; of a folder, the first image's, at most 224)",
      positiveInteger,
    )
    .option('--validation-fraction <share>', 'held out of the training images (default: 0.1)', fraction)
    .option('--data-seed <n>', 'decides what is held out (default: 0)', integer)
    .option('--space <space>', `a preset (${presetNames}) or a JSON file (default: tiny-32)`)
    .option('--out <directory>', 'the run directory (default: runs/DATA-SPACE)')
    .option('--resume', 'go on with the run in that directory')
    .option(
      '--init <path>',
      "start from the weights of this bundle, run, or run's checkpoint, of the same search space",
    )
    .option('--options <file>', 'JSON file of training options (docs/training.md); flags override it')
    .option('--seed <n>', 'of all randomness of the training (default: 0)', integer)
    .option('--epochs <n>', 'passes over the images before batch norm is frozen (default: 30)', atLeastZero)
    .option('--finishing-epochs <n>', 'passes afterwards (default: 6)', atLeastZero)
    .option('--batch-size <n>', 'images per step (default: 128)', positiveInteger)
    .option('--learning-rate <rate>', 'peak of the schedule (default: 0.15)', positiveNumber)
    .option('--finishing-learning-rate <rate>', 'where the finishing passes start (default: 0.03)', positiveNumber)
    .option('--weight-decay <n>', 'on matrices and kernels (default: 0.00003)', atLeastZero)
    .option('--label-smoothing <share>', 'of the probability, spread over all classes (default: 0.1)', fraction)
    .option('--random-subnets <n>', 'per step, besides the largest and the smallest (default: 1)', wholeNumber)
    .option('--keep-all <share>', 'of the steps without task dropout (default: 0.8)', fraction)
    .option('--averaging <decay>', 'of the running mean of the weights; 0 for none (default: 0)', fraction)
    .option('--divergence <kind>', 'from the largest subnet: kl or alpha (default: kl)')
    .option('--temperature <n>', 'of distillation by kl (default: 1)', positiveNumber)
    .option('--progressive', 'first the largest subnet alone, then depths, then widths')
    .option('--no-augmentation', 'take the images as they are')
    .option('--no-distillation', 'let small subnets learn from the labels')
    .addOption(
      new Option('--engine <name>', 'what computes; tfjs needs @tensorflow/tfjs-node (default: onnx)').choices(engines),
    )
    .addOption(new Option('--device <name>', 'of the onnx engine; webgpu: any GPU (default: cpu)').choices(devices))
    .option('--threads <n>', 'of ONNX Runtime (default: one per core)', positiveInteger)
    .option('--checkpoint-minutes <n>', 'between checkpoints (default: 10)', positiveNumber)
    .option('--evaluation-epochs <n>', 'between evaluations; 0 for none (default: 1)', atLeastZero)
    .option('--evaluation-images <n>', 'validation images per evaluation (default: 2000)', positiveInteger)
    .option('--no-report', 'do not write report.html into the run directory')
    .option('--quiet', 'no progress')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { train } = await import('../../pipeline/train.js');
  // A run that is resumed knows its own data and space.
  const data = flags.data ?? (flags.resume ? undefined : 'glyphs');
  const space = flags.space ?? (flags.resume || flags.init !== undefined ? undefined : 'tiny-32');
  if (data === undefined) assertNothingOfData(flags);
  const directory = flags.out ?? join('runs', defaultName(flags));
  const parsedSpace = space === undefined ? undefined : await searchSpace(space);
  const options = await trainingOptionsOf(flags);
  const progress = new ProgressGroup(flags.quiet);
  const view = new TrainingView(progress);
  try {
    const { statistics, space: trained } = await interruptible(
      'stopping after this step, to save a checkpoint',
      (signal) =>
        train({
          directory,
          resume: flags.resume === true,
          options,
          command: typedCommand(),
          report: flags.report,
          signal,
          ...(data === undefined ? {} : { data: dataSource(data, flags) }),
          ...(parsedSpace ? { space: parsedSpace } : {}),
          ...(flags.init === undefined ? {} : { init: flags.init }),
          ...runSettings(flags),
          onDecoded: (done, total) => view.decoded(done, total),
          onStart: (start) => view.start(directory, start),
          onEvent: (event) => view.event(event),
        }),
    );
    progress.stop();
    print(`trained: ${directory} (batch-norm statistics of ${statistics.size} layers)`);
    if (flags.report) print(`report: ${join(directory, 'report.html')}`);
    printNext('profile', '--space', space ?? trained.name, '--out', 'profile.json');
  } catch (error) {
    progress.stop();
    if (!(error instanceof TrainingInterruptedError)) throw error;
    note(`stopped at step ${error.step} of ${error.totalSteps}; everything is saved in ${error.checkpoint}`);
    note(`go on with: ${typable('train', '--out', directory, '--resume')}`);
    process.exitCode ||= 130;
  }
}

/** Flags that say which images of the data to take, and how. */
const DATA_FLAGS = {
  tasksFile: '--tasks-file',
  resolution: '--resolution',
  validationFraction: '--validation-fraction',
  dataSeed: '--data-seed',
} as const;

/** @throws MissingOptionError where a flag would be ignored */
function assertNothingOfData(flags: Flags): void {
  for (const [field, flag] of Object.entries(DATA_FLAGS)) {
    if (flags[field as keyof typeof DATA_FLAGS] === undefined) continue;
    throw new MissingOptionError('--data', `${flag} goes with it; without both, a run is resumed with its own data`);
  }
}

function defaultName({ data = 'glyphs', space, init }: Flags): string {
  // Of a checkpoint, the run's name tells more than the file's.
  const source = init && resolve(init.endsWith('.bin') ? dirname(init) : init);
  if (source !== undefined) return `${nameOf(data)}-from-${nameOf(source)}`;
  return `${nameOf(data)}-${nameOf(space ?? 'tiny-32')}`;
}

function nameOf(text: string): string {
  // Of "." too.
  return basename(resolve(text)).replace(/\.(json|tar|tar\.gz|tgz)$/i, '');
}

function dataSource(spec: string, flags: Flags): DataSource {
  const { tasksFile, resolution, validationFraction, dataSeed } = flags;
  return {
    spec,
    ...(tasksFile === undefined ? {} : { tasksFile }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(validationFraction === undefined ? {} : { validationFraction }),
    ...(dataSeed === undefined ? {} : { seed: dataSeed }),
  };
}

/** What does not change the result. */
function runSettings({ engine, device, threads, checkpointMinutes, evaluationEpochs, evaluationImages }: Flags) {
  return {
    engine: {
      ...(engine === undefined ? {} : { engine }),
      ...(device === undefined ? {} : { device }),
      ...(threads === undefined ? {} : { threads }),
    },
    ...(checkpointMinutes === undefined ? {} : { checkpointMinutes }),
    ...(evaluationEpochs === undefined ? {} : { evaluationEpochs }),
    ...(evaluationImages === undefined ? {} : { evaluationImages }),
  };
}

const SAME_NAMED = [
  'seed',
  'epochs',
  'finishingEpochs',
  'batchSize',
  'learningRate',
  'finishingLearningRate',
  'weightDecay',
  'labelSmoothing',
  'randomSubnets',
  'averaging',
  'temperature',
  'divergence',
] as const;

async function trainingOptionsOf(flags: Flags): Promise<PartialTrainingOptions> {
  const { mergeTrainingOptions } = await import('../../pipeline/train.js');
  const file = flags.options === undefined ? {} : ((await readJsonObject(flags.options)) as PartialTrainingOptions);
  return mergeTrainingOptions(file, {
    ...given(flags, SAME_NAMED),
    ...(flags.keepAll === undefined ? {} : { taskDropout: { keepAll: flags.keepAll } }),
    ...(flags.progressive ? { progressive: {} } : {}),
    ...(flags.augmentation ? {} : { augmentation: null }),
    ...(flags.distillation ? {} : { distillation: false }),
  });
}

/** What a person sees of a training. */
export class TrainingView {
  readonly #startedAt = performance.now();

  constructor(readonly progress: ProgressGroup) {}

  decoded(done: number, total: number): void {
    this.progress.update('reading images', done, total);
  }

  start(directory: string, { dataset, space, options, engine, origin }: TrainingStart): void {
    this.progress.stop();
    const { train, validation, test, classes, tasks } = dataset;
    note(
      `${dataset.name}: ${train.size} training, ${validation.size} validation, ${test.size} test images; ` +
        `${classes.length} classes, tasks: ${listed(Object.keys(tasks))}`,
    );
    note(
      `${space.name}: ${shortCount(spaceSize(space))} subnets; ${options.epochs} + ${options.finishingEpochs} epochs, ` +
        `batches of ${options.batchSize}; into ${directory}`,
    );
    const { label, images } = rarestClass(validation.labels, classes.length);
    if (images < leastValidationImages) {
      note(
        `warning: class "${classes[label]}" has ${images} of the validation images, and easel generator will need ` +
          `${leastValidationImages}: hold out more (--validation-fraction)`,
      );
    }
    const largest = Math.max(...space.resolutions);
    if (dataset.resolution > largest) {
      note(
        `images are kept at ${dataset.resolution} px, of which ${space.name} sees ${largest}: with --resolution ${largest} they ` +
          'take less memory, and random shifts (cropPadding) are as large as meant',
      );
    }
    note(`engine: ${engine.name} (${engine.reason})`);
    if (origin) {
      const classifier = origin.freshClassifier ? ', but for the classifier: the classes are others' : '';
      note(`starting from the weights of ${origin.path}${classifier}`);
    }
  }

  event(event: TrainingEvent): void {
    switch (event.kind) {
      case 'step': {
        const { phase, step, totalSteps, losses, imagesPerSecond, secondsLeft } = event;
        const parts = [losses.largest, losses.random, losses.smallest].filter((loss) => loss !== undefined);
        const text = `${imagesPerSecond.toFixed(0)} images/s, loss ${parts.map((loss) => loss.toFixed(2)).join('/')}`;
        this.progress.update(phase, step, totalSteps, text, secondsLeft);
        break;
      }
      case 'collection':
        this.progress.update('statistics', event.done, event.total);
        break;
      case 'evaluation': {
        const { largest, random, smallest } = event.accuracy;
        this.progress.log(
          `step ${event.step}: validation accuracy ${percent(largest)} largest, ${percent(random)} random, ` +
            `${percent(smallest)} smallest subnet (${event.images} images)`,
        );
        break;
      }
      case 'checkpoint':
        this.progress.log(
          `step ${event.step}: saved ${event.file} after ${formatSeconds((performance.now() - this.#startedAt) / 1000)}`,
        );
        break;
      default:
        event satisfies never;
    }
  }
}
