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

/** What to type to run Easel, wherever it is installed: in a checkout, or in a project's node_modules. */
export function typable(...words: readonly string[]): string {
  return commandLine(['npx', 'easel', ...words]);
}

/** The command that usually follows. */
export function printNext(...words: readonly string[]): void {
  print(`next: ${typable(...words)}`);
}
