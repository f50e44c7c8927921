import type { Command } from 'commander';
import type { GeneratorEvent, GeneratorTrainingOptions } from '../../generator/index.js';
import { readJson } from '../../pipeline/files.js';
import { generatorFile } from '../../pipeline/run-directory.js';
import { integer, names, positiveInteger } from '../arguments.js';
import { easelCommand, print, typedCommand } from '../command.js';
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
  steps?: number;
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
    .option('--subnets <n>', 'measured on validation images (default: 160)', positiveInteger)
    .option('--images <n>', 'validation images for each (default: 2000)', positiveInteger)
    .option('--steps <n>', 'batches of requests put to the supernet (default: 200)', positiveInteger)
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
    const report = await interruptible('stopping; nothing will be written', (signal) =>
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
    print(describeRatio(report.heldOutRatio));
    print(`next: easel export --run ${directory} --out bundle`);
  } finally {
    progress.stop();
  }
}

/** What `heldOutRatio` means, in a sentence. */
export function describeRatio(ratio: number): string {
  if (ratio >= 1) return 'requests made no difference that could be learned: all get the utilities that they share';
  return `what a request changes was predicted with ${(100 * (1 - ratio)).toFixed(1)} % less error than "nothing" (held-out requests)`;
}

async function optionsOf(flags: Flags): Promise<Partial<GeneratorTrainingOptions>> {
  const { generatorOptions } = await import('../../pipeline/generator.js');
  const file = flags.options === undefined ? {} : await readJson(flags.options);
  const given = Object.fromEntries(
    (['seed', 'subnets', 'images', 'steps'] as const).flatMap((field) =>
      flags[field] === undefined ? [] : [[field, flags[field]]],
    ),
  );
  return generatorOptions(file, given);
}

/** Tells a group of progress bars what the generator's training does. */
export function showGeneratorEvent(progress: ProgressGroup, event: GeneratorEvent): void {
  switch (event.status) {
    case 'measuring':
      progress.update('measuring', event.done, event.total, 'subnets on validation images');
      break;
    case 'asking':
      progress.update('asking', event.done, event.total, 'batches of requests');
      break;
    case 'fitted':
      progress.stop();
      break;
    default:
      event satisfies never;
  }
}
