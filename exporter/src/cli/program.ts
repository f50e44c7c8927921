import { createRequire } from 'node:module';
import { Command } from 'commander';
import { adaptCommand } from './commands/adapt.js';
import { agentCommand } from './commands/agent.js';
import { classifyCommand } from './commands/classify.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { generatorCommand } from './commands/generator.js';
import { inspectCommand } from './commands/inspect.js';
import { profileCommand } from './commands/profile.js';
import { specializeCommand } from './commands/specialize.js';
import { trainCommand } from './commands/train.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** In the order in which a user needs them. */
const commands = [
  trainCommand,
  adaptCommand,
  profileCommand,
  generatorCommand,
  exportCommand,
  specializeCommand,
  evaluateCommand,
  classifyCommand,
  inspectCommand,
  agentCommand,
];

const order = `
From images to a bundle:  train, adapt (optional), profile (once per device), generator, export
From a bundle to devices: specialize, evaluate, classify
Where a command is not found: npx easel COMMAND. Options and examples of each: easel COMMAND --help`;

export function createProgram(): Command {
  const program = new Command('easel')
    .description('One elastic network, trained once; the right subnet for every task, budget and device.')
    .version(version)
    .showHelpAfterError('(easel --help lists the commands)')
    .addHelpText('after', order)
    .exitOverride();
  for (const command of commands) program.addCommand(command().exitOverride());
  return program;
}
