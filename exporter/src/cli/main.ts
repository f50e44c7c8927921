#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './program.js';
import { reportError } from './report-error.js';

// `easel … | head` closes the pipe: nothing to complain about.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help that was asked for.
    process.exitCode = error.exitCode;
  } else {
    reportError(error, process.argv.includes('--debug'));
    process.exitCode ||= 1;
  }
}
