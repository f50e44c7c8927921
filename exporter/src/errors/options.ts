import { EaselError } from '@easel/sdk/errors';

/** A command was not told what it cannot choose by itself. */
export class MissingOptionError extends EaselError {
  readonly code = 'MISSING_OPTION';
  /** @param needed what to give, and which values there are */
  constructor(
    readonly option: string,
    needed: string,
  ) {
    super(`${option} is missing: ${needed}`);
  }
}
