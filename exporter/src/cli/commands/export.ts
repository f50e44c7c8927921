import { basename, resolve } from 'node:path';
import type { Manifest } from '@easel/sdk';
import { countMacs, largestArchitecture, smallestArchitecture } from '@easel/sdk/space';
import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { easelCommand, print, printNext, typedCommand } from '../command.js';
import { shortCount } from '../table.js';

interface Flags {
  run: string;
  out: string;
  name?: string;
  overwrite?: boolean;
  data?: string;
  measure: boolean;
  adapters: boolean;
  calibrationImages?: number;
}

export function exportCommand(): Command {
  return easelCommand('export', 'Write the bundle that devices get: supernet, statistics, generator, profiles.', [
    'easel export --run runs/glyphs --out bundle',
    'easel export --run runs/glyphs --out bundle --name glyphs-2 --overwrite',
  ])
    .requiredOption('--run <directory>', 'of easel train and easel generator')
    .requiredOption('--out <directory>', 'where the bundle goes')
    .option('--name <name>', "of the bundle (default: the run directory's)")
    .option('--overwrite', 'replace a bundle that is there')
    .option('--data <set>', 'where the images of the training are now, if they have moved')
    .option(
      '--calibration-images <n>',
      'ship so many training images, for devices that recalibrate (default: 0)',
      wholeNumber,
    )
    .option('--no-adapters', 'leave out what easel adapt has made')
    .option('--no-measure', 'leave accuracies on test images out of the manifest')
    .action(run);
}

async function run({
  run: directory,
  out,
  name,
  overwrite = false,
  data,
  measure,
  adapters,
  calibrationImages,
}: Flags): Promise<void> {
  const { exportRun } = await import('../../pipeline/export.js');
  const manifest = await exportRun({
    directory,
    out,
    name: name ?? basename(resolve(directory)),
    overwrite,
    command: typedCommand(),
    measure,
    adapters,
    ...(calibrationImages === undefined ? {} : { calibrationImages }),
    ...(data === undefined ? {} : { data }),
  });
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  print(`bundle: ${out}, ${Object.keys(manifest.files).length + 1} files, ${shortCount(bytes)}B`);
  const [task = 'TASK'] = Object.keys(manifest.tasks);
  // Of several profiles, one would have to be named: this machine's may be none of them.
  const [only, ...others] = manifest.profiles;
  const budget =
    only !== undefined && others.length === 0 ? ['--latency-ms', '1'] : ['--macs', `${middleMacs(manifest)}M`];
  printNext('specialize', '--bundle', out, '--tasks', task, ...budget, '--out', `${task}.onnx`);
}

/** Millions of multiply-accumulates half way between the smallest and the largest subnet. */
function middleMacs({ space, classes }: Manifest): number {
  const ends = [smallestArchitecture(space), largestArchitecture(space)];
  const [least, most] = ends.map((end) => countMacs(space, end, classes.length)) as [number, number];
  return Math.ceil((least + most) / 2e6);
}
