import { type ParseArgsConfig, parseArgs } from 'node:util';

type Flags = NonNullable<ParseArgsConfig['options']>;
type Values<Known extends Flags> = ReturnType<typeof parseArgs<{ args: string[]; options: Known }>>['values'];

/** What was typed cannot be run: the message alone says all there is to say. */
export class UsageError extends Error {}

/** Not a failure: the flags were asked for. */
export class HelpWanted extends Error {}

/**
 * A benchmark's flags, as `parseArgs` takes and gives them.
 * @throws UsageError that names the valid flags, HelpWanted with one line for each
 */
export function parseFlags<const Known extends Flags>(args: readonly string[], known: Known): Values<Known> {
  if (args.includes('--help')) throw new HelpWanted(describe(known));
  try {
    return parseArgs({ args: [...args], options: known }).values;
  } catch (cause) {
    const [problem] = (cause as Error).message.split(/\.\s/, 1) as [string];
    const valid = [...Object.keys(known), 'help'].map((flag) => `--${flag}`).join(', ');
    throw new UsageError(`${problem.replace(/\.$/, '')}; flags are ${valid}`, { cause });
  }
}

/** A whole number given on the command line. @throws UsageError that names the flag */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`--${flag} ${text}: wanted is a whole number, at least ${least}`);
}

function describe(known: Flags): string {
  const rows = Object.entries(known).map(([flag, { type, default: value }]) => {
    const usage = type === 'boolean' ? `--${flag}` : `--${flag} VALUE`;
    return [usage, type === 'boolean' || value === undefined ? '' : `default: ${value}`] as const;
  });
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return rows.map(([usage, note]) => `  ${usage.padEnd(width)}  ${note}`.trimEnd()).join('\n');
}
