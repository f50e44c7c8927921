import { EaselError } from '@easel/sdk/errors';
import pc from 'picocolors';

/** One clear line; the stack only with --debug. */
export function reportError(error: unknown, debug: boolean): void {
  const red = pc.createColors(Boolean(process.stderr.isTTY)).red;
  const message = error instanceof Error ? error.message : String(error);
  // What Easel did not expect has no message made for users, so its kind helps.
  const kind = error instanceof EaselError || !(error instanceof Error) ? '' : `${error.name}: `;
  process.stderr.write(`${red('error:')} ${kind}${oneLine(message)}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  else if (kind) process.stderr.write('(--debug shows where it comes from)\n');
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
