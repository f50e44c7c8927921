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

/** There is no such engine, device or lowering. */
export class UnknownEngineError extends EaselError {
  readonly code = 'UNKNOWN_ENGINE';
  constructor(
    kind: string,
    readonly value: string,
    readonly valid: readonly string[],
  ) {
    super(`unknown ${kind} "${value}"; valid: ${valid.join(', ')}`);
  }
}

/** An engine, or a device of it, that does not work on this machine. */
export class EngineUnavailableError extends EaselError {
  readonly code = 'ENGINE_UNAVAILABLE';
  constructor(
    readonly engine: string,
    readonly reason: string,
    /** What to do. */
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(`the ${engine} engine cannot be used: ${reason}; ${advice}`, options);
  }
}
