import { ImageError } from '@easel/sdk/errors';
import type { Command } from 'commander';
import { positiveInteger } from '../arguments.js';
import { easelCommand, print } from '../command.js';
import { reportError } from '../report-error.js';
import { openEasel, type RequestFlags, requestOf, withRequestOptions } from '../request-options.js';
import { percent } from '../table.js';

interface Flags extends RequestFlags {
  top: number;
  json?: boolean;
  debug?: boolean;
}

export function classifyCommand(): Command {
  const command = easelCommand('classify', 'Classify images with the subnet for a task and a budget.', [
    'easel classify --bundle bundle --tasks digits --latency-ms 1 photo.png',
    'easel classify --bundle bundle --classes cat,dog --macs 10M --top 2 --json *.jpg',
  ]);
  return withRequestOptions(command)
    .option('--top <n>', 'how many classes to print', positiveInteger, 3)
    .option('--json', 'a JSON object per image and line')
    .argument('<images...>', 'JPEG, PNG or WebP files')
    .action(run);
}

async function run(images: string[], flags: Flags): Promise<void> {
  const easel = await openEasel(flags);
  try {
    const classifier = await easel.specialize(requestOf(flags, easel));
    try {
      for (const image of images) {
        try {
          const results = (await classifier.classify(image)).slice(0, flags.top);
          if (flags.json) print(JSON.stringify({ image, results }));
          else {
            const answers = results.map(({ className, probability }) => `${className} ${percent(probability)}`);
            print(`${image}: ${answers.join(', ')}`);
          }
        } catch (error) {
          if (!(error instanceof ImageError)) throw error;
          // One bad image among many must not cost the others.
          reportError(error, flags.debug === true);
          process.exitCode = 1;
        }
      }
    } finally {
      await classifier.dispose();
    }
  } finally {
    await easel.dispose();
  }
}
