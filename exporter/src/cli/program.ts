import { createRequire } from 'node:module';
import { Command } from 'commander';
import { generatorCommand } from './commands/generator.js';
import { trainCommand } from './commands/train.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

export function createProgram(): Command {
  const program = new Command('easel')
    .description('One elastic network, trained once; the right subnet for every task, budget and device.')
    .version(version)
    .showHelpAfterError('(easel --help lists the commands)')
    .exitOverride();
  for (const command of [trainCommand(), generatorCommand()]) program.addCommand(command.exitOverride());
  return program;
}
