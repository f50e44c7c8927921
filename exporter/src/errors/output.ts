import { EaselError } from '@easel/sdk/errors';

/** Something is already where a result was to be written. */
export class OutputExistsError extends EaselError {
  readonly code = 'OUTPUT_EXISTS';
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path} ${problem}`);
  }
}
