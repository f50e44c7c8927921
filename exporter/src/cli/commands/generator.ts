import type { Command } from 'commander';
import type {
  Conditioning,
  GeneratorEvent,
  GeneratorTrainingOptions,
  HeldOutError,
  PredictorQuality,
} from '../../generator/index.js';
import { readJsonObject } from '../../pipeline/files.js';
import { generatorFile } from '../../pipeline/run-directory.js';
import { given, integer, names, positiveInteger } from '../arguments.js';
import { easelCommand, print, printNext, typedCommand } from '../command.js';
import { interruptible } from '../interrupt.js';
import { ProgressGroup } from '../progress-group.js';

interface Flags {
  run: string;
  profiles?: readonly string[];
  data?: string;
  options?: string;
  seed?: number;
  subnets?: number;
  images?: number;
  classSets?: number;
  threads?: number;
  quiet?: boolean;
}

export function generatorCommand(): Command {
  return easelCommand('generator', 'Train the architecture generator of a trained supernet.', [
    'easel generator --run runs/glyphs --profiles laptop.json',
    'easel generator --run runs/glyphs --profiles laptop.json phone.json --subnets 300',
  ])
    .requiredOption('--run <directory>', 'of easel train')
    .option(
      '--profiles <files...>',
      'device profiles of easel profile; without any, budgets of MACs are learned',
      names,
    )
    .option('--data <set>', 'where the images are now, if they have moved')
    .option('--options <file>', 'JSON file of generator options (docs/training.md); flags override it')
    .option('--seed <n>', 'of all randomness (default: 0)', integer)
    .option('--subnets <n>', 'run over validation images (default: 240)', positiveInteger)
    .option('--images <n>', 'validation images for each (default: at most 5000)', positiveInteger)
    .option('--class-sets <n>', 'whose preferences are derived (default: 600)', positiveInteger)
    .option('--threads <n>', 'of ONNX Runtime (default: one per core)', positiveInteger)
    .option('--quiet', 'no progress')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { trainGeneratorOfRun } = await import('../../pipeline/generator.js');
  const { run: directory, profiles = [], data, threads } = flags;
  const options = await optionsOf(flags);
  const progress = new ProgressGroup(flags.quiet);
  try {
    const report = await interruptible('stopping; the same command goes on from here', (signal) =>
      trainGeneratorOfRun({
        directory,
        profiles,
        options,
        signal,
        command: typedCommand(),
        ...(data === undefined ? {} : { data }),
        ...(threads === undefined ? {} : { threads }),
        onDecoded: (done, total) => progress.update('reading images', done, total),
        onEvent: (event) => showGeneratorEvent(progress, event),
      }),
    );
    progress.stop();
    print(`generator: ${generatorFile(directory)}, from ${report.subnets} measured subnets`);
    print(describeConditioning(report.conditioning));
    print(describePredictor(report.predictor));
    printNext('export', '--run', directory, '--out', 'bundle');
  } finally {
    progress.stop();
  }
}

/** What was learned about requests, in sentences. */
export function describeConditioning(conditioning: Conditioning): string {
  const { classes, budgetKept, classesAlone, used } = conditioning;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const ratio = ({ heldOutRatio, interval }: HeldOutError) =>
    `${heldOutRatio.toFixed(3)} [${interval.map((end) => end.toFixed(3)).join(', ')}]`;
  return [
    `class sets differ by ${percent(classes.relative)} [${classes.interval.map(percent).join(', ')}] of what they share`,
    `kept of measured preferences, after shrinkage: ${percent(classes.kept)} (classes), ${percent(budgetKept)} (budgets)`,
    `error on unseen class sets and images, relative to answering all alike: ${ratio(conditioning)}`,
    ...(classesAlone ? [`of what their classes alone prefer, whatever the budget: ${ratio(classesAlone)}`] : []),
    ...(used ? [] : ['that is no better than answering all alike, so all get the utilities that they share']),
  ].join('\n');
}

export function describePredictor(quality: PredictorQuality): string {
  const { subnets, classSets, meanAbsoluteError, tau, tauWithinSet } = quality;
  return (
    `accuracy of ${subnets > 0 ? `${subnets} unseen` : 'the measured'} subnets${classSets > 0 ? ` on ${classSets} unseen class sets` : ''}: predicted within ` +
    `${(100 * meanAbsoluteError).toFixed(2)} points in the mean, Kendall's tau ${tau.toFixed(3)} ` +
    `(${tauWithinSet.toFixed(3)} among the subnets of one set)`
  );
}

async function optionsOf(flags: Flags): Promise<Partial<GeneratorTrainingOptions>> {
  const { generatorOptions } = await import('../../pipeline/generator.js');
  const file = flags.options === undefined ? {} : await readJsonObject(flags.options);
  return generatorOptions(file, given(flags, ['seed', 'subnets', 'images', 'classSets']));
}

/** Tells a group of progress bars what the generator's training does. */
export function showGeneratorEvent(progress: ProgressGroup, event: GeneratorEvent): void {
  progress.update(event.status, event.done, event.total, notes[event.status]);
}

const notes: Readonly<Record<GeneratorEvent['status'], string>> = {
  measuring: 'subnets on validation images',
  scoring: 'class sets',
  'fitting the predictor': 'epochs',
  'fitting the generator': 'epochs',
};
