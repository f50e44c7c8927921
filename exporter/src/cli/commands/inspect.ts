import type { Command } from 'commander';
import { easelCommand, print } from '../command.js';

export function inspectCommand(): Command {
  return easelCommand('inspect', 'Say what a file or directory of Easel is and holds.', [
    'easel inspect bundle',
    'easel inspect runs/glyphs',
    'easel inspect digits.onnx',
    'easel inspect profile.json',
    'easel inspect mobile-32',
  ])
    .argument('<what>', 'a bundle or run directory, a checkpoint, a profile, an .onnx file, a search space')
    .action(async (what: string) => {
      const { describe } = await import('../describe/index.js');
      print(await describe(what));
    });
}
