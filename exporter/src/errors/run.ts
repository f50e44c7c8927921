import { EaselError } from '@easel/sdk/errors';

/** A run directory that holds something else, or not yet what a command needs. */
export class RunError extends EaselError {
  readonly code = 'RUN';
  constructor(
    readonly directory: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${directory}: ${problem}`, options);
  }
}

/** Another process works in a directory that only one at a time may work in. */
export class LockedError extends EaselError {
  readonly code = 'LOCKED';
  constructor(
    readonly directory: string,
    readonly holder: string,
  ) {
    super(`${directory}: is in use by ${holder}; wait for it, stop it, or choose another directory`);
  }
}

/** A file that a command was given cannot be read or written, or is not what the command takes. */
export class FileError extends EaselError {
  readonly code = 'FILE';
  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

/** Ctrl-C: the work under way was given up, and nothing of it was written. */
export class InterruptedError extends EaselError {
  readonly code = 'INTERRUPTED';
  constructor(what: string) {
    super(`${what} was stopped; nothing was written`);
  }
}
