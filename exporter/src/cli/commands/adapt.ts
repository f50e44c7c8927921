import type { Command } from 'commander';
import type { AdapterOptions } from '../../adapters/index.js';
import type { AdaptEvent, AdaptersReport } from '../../pipeline/adapt.js';
import { fraction, given, integer, names, positiveInteger, positiveNumber } from '../arguments.js';
import { easelCommand, print, printNext, typable, typedCommand } from '../command.js';
import { interruptible } from '../interrupt.js';
import { ProgressGroup } from '../progress-group.js';
import { formatTable, percent } from '../table.js';

interface Flags extends Partial<AdapterOptions> {
  run: string;
  tasks?: readonly string[];
  data?: string;
  threads?: number;
  quiet?: boolean;
}

const optionNames = ['steps', 'learningRate', 'rank', 'cutMix', 'seed'] as const;

export function adaptCommand(): Command {
  return easelCommand('adapt', 'Train small adapters that make a supernet better at single tasks.', [
    'easel adapt --run runs/photos',
    'easel adapt --run runs/photos --tasks pets,birds --steps 600',
  ])
    .requiredOption('--run <directory>', 'of easel train')
    .option('--tasks <names...>', 'only these (default: all that have two or more classes, but not all)', names)
    .option('--data <set>', 'where the images are now, if they have moved')
    .option('--steps <n>', "of training on every task's images (default: 300)", positiveInteger)
    .option('--learning-rate <rate>', 'where half a cosine starts (default: 0.02)', positiveNumber)
    .option('--rank <n>', 'of the change of every weight: size of the files (default: 8)', positiveInteger)
    .option('--cut-mix <share>', 'of images with a part of another one (default: 0.5)', fraction)
    .option('--seed <n>', 'of all randomness (default: 0)', integer)
    .option('--threads <n>', 'of ONNX Runtime (default: one per core)', positiveInteger)
    .option('--quiet', 'no progress')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { adaptRun } = await import('../../pipeline/adapt.js');
  const { run: directory, tasks, data, threads } = flags;
  const options = given(flags, optionNames);
  const progress = new ProgressGroup(flags.quiet);
  try {
    const report = await interruptible('stopping; the same command goes on with the tasks that are left', (signal) =>
      adaptRun({
        directory,
        options,
        signal,
        command: typedCommand(),
        ...(tasks === undefined ? {} : { tasks }),
        ...(data === undefined ? {} : { data }),
        ...(threads === undefined ? {} : { engine: { threads } }),
        onDecoded: (done, total) => progress.update('reading images', done, total),
        onEvent: (event) => showAdaptEvent(progress, event),
      }),
    );
    progress.stop();
    print(describeAdapters(report));
    printNext('generator', '--run', directory, '--profiles', 'FILE');
    print(`or, where it is trained already: ${typable('export', '--run', directory, '--out', 'bundle')}`);
  } finally {
    progress.stop();
  }
}

/** Tells a group of progress bars how far adapting is. */
export function showAdaptEvent(progress: ProgressGroup, event: AdaptEvent): void {
  if (event.kind === 'step') progress.update(event.task, event.done, event.total, 'steps');
  else progress.log(`task ${event.done} of ${event.total}: ${event.task}, ${gainOf(event.validation)}`);
}

/** A line per task: what its adapter brings on validation images. */
export function describeAdapters({ tasks }: AdaptersReport): string {
  const rows = Object.entries(tasks).map(([task, adapted]) => ({ task, ...adapted }));
  return formatTable<(typeof rows)[number]>(
    [
      { title: 'task', text: ({ task }) => task },
      { title: 'validation images', align: 'right', text: ({ validation }) => String(validation.images) },
      { title: 'without', align: 'right', text: ({ validation }) => percent(validation.before) },
      { title: 'with adapter', align: 'right', text: ({ validation }) => percent(validation.after) },
      { title: '', text: ({ file }) => (file === undefined ? 'no gain: left out' : '') },
    ],
    rows,
  );
}

function gainOf({ before, after }: AdaptersReport['tasks'][string]['validation']): string {
  const points = 100 * (after - before);
  return `${points < 0 ? '' : '+'}${points.toFixed(1)} points on validation images`;
}
