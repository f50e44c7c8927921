import type { ProfileProgress } from '@easel/sdk/profiling';
import type { Command } from 'commander';
import { integer, positiveInteger, presetNames, searchSpace, wholeNumber } from '../arguments.js';
import { easelCommand, note, print } from '../command.js';
import { describeProfile } from '../describe/profile.js';
import { interruptible } from '../interrupt.js';
import { ProgressGroup } from '../progress-group.js';
import { percent } from '../table.js';

interface Flags {
  space: string;
  out: string;
  name?: string;
  threads: number;
  classes: number;
  subnets?: number;
  heldOut: number;
  seconds: number;
  seed: number;
  allowNoise?: boolean;
  quiet?: boolean;
}

export function profileCommand(): Command {
  return easelCommand('profile', 'Measure how long subnets take on this machine.', [
    'easel profile --space tiny-32 --threads 1 --out profile.json',
    'easel profile --space mobile-32 --threads 4 --name my-server --out my-server.json',
  ])
    .option('--space <space>', `a preset (${presetNames}) or a JSON file`, 'tiny-32')
    .requiredOption('--out <file>', 'where the profile goes')
    .option('--name <name>', 'of the profile (default: from CPU, runtime, threads and search space)')
    .option('--threads <n>', 'per inference', positiveInteger, 1)
    .option('--classes <n>', 'that the classifier tells apart', positiveInteger, 10)
    .option('--subnets <n>', 'to fit the table to (default: four per term of the table)', positiveInteger)
    .option('--held-out <n>', 'more subnets, to measure the error of the table on', wholeNumber, 40)
    .option(
      '--seconds <n>',
      'measure at most about this long; ends earlier when predictions are good',
      positiveInteger,
      45,
    )
    .option('--seed <n>', 'of which subnets are drawn', integer, 0)
    .option('--allow-noise', 'write the profile even if this machine was too noisy to be trusted')
    .option('--quiet', 'no progress')
    .action(run);
}

async function run({ space, out, quiet, ...options }: Flags): Promise<void> {
  const { profileThisDevice } = await import('../../pipeline/profile.js');
  const parsedSpace = await searchSpace(space);
  const progress = new ProgressGroup(quiet);
  try {
    const profile = await interruptible('stopping; nothing will be written', (signal) =>
      profileThisDevice(parsedSpace, {
        ...options,
        out,
        signal,
        onProgress: (state) => showProfiling(progress, state),
      }),
    );
    progress.stop();
    note(`written: ${out}`);
    print(describeProfile(profile));
  } finally {
    progress.stop();
  }
}

function showProfiling(progress: ProgressGroup, { done, total, secondsLeft, error }: ProfileProgress): void {
  const expected = error ? `${percent(error.within5)} expected within 5 %` : '';
  progress.update('measuring', done, total, expected, secondsLeft);
}
