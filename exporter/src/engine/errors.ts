import { EaselError } from '@easel/sdk/errors';

const format = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** An operation was given shapes that do not fit each other. */
export class ShapeError extends EaselError {
  readonly code = 'SHAPE';
  constructor(
    readonly operation: string,
    readonly shapes: readonly (readonly number[])[],
    expected = 'equal shapes',
  ) {
    super(`${operation}: needs ${expected}, got ${shapes.map(format).join(' and ')}`);
  }
}
