import { Command } from 'commander';
import { commandLine } from '../pipeline/provenance.js';

/** A command with what all commands have: examples below its help, and --debug. */
export function easelCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--debug', 'show where an error comes from')
    .showHelpAfterError(`(easel ${name} --help lists options and examples)`)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** What was typed, for the provenance of what comes of it. */
export function typedCommand(): string {
  return commandLine(['easel', ...process.argv.slice(2)]);
}

/** Results go to stdout, everything else to stderr. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
