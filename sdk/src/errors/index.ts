/** Every error that Easel throws on purpose. `code` is stable; `message` says what to change. */
export abstract class EaselError extends Error {
  abstract readonly code: string;

  /** Follows from the code, since minifiers rename classes: UNKNOWN_TASK is the code of an UnknownTaskError. */
  override get name(): string {
    // While the error is being made, there is no code yet.
    const words = this.code ? `${this.code}_Error` : 'Error';
    return words.replace(/(.)([^_]*)_?/g, (_, first: string, rest: string) => first + rest.toLowerCase());
  }
}

/** "a, b, c and 7 more": the valid values, at a length that fits a terminal. */
export function listed(values: readonly (string | number)[], most = 12): string {
  const shown = values.slice(0, most).join(', ');
  return values.length > most ? `${shown} and ${values.length - most} more` : shown || '(none)';
}

/** At most four digits after the point, rounded so that whoever asks for what the message says gets it. */
function readable(value: number, round: (value: number) => number): number {
  return round(value * 1e4) / 1e4;
}

/** "The cost by this metric is at most this much", in the metric's unit: ms, MACs, parameters or bytes. */
export interface MetricLimit {
  readonly metric: string;
  readonly most: number;
}

const joined = (preposition: string, limits: readonly MetricLimit[]) =>
  limits.length > 0 ? ` ${preposition} ${limits.map(({ metric, most }) => `${metric} <= ${most}`).join(' and ')}` : '';

export class UnknownTaskError extends EaselError {
  readonly code = 'UNKNOWN_TASK';
  constructor(
    readonly task: string,
    readonly known: readonly string[],
  ) {
    super(`unknown task "${task}"; this bundle knows: ${listed(known)}`);
  }
}

export class UnknownClassError extends EaselError {
  readonly code = 'UNKNOWN_CLASS';
  constructor(
    readonly className: string,
    readonly known: readonly string[],
    where = 'this bundle',
  ) {
    super(`unknown class "${className}"; ${where} knows: ${listed(known, 24)}`);
  }
}

/** An argument that no device or bundle could satisfy: an empty task, a negative or NaN budget, a misspelt field. */
export class InvalidRequestError extends EaselError {
  readonly code = 'INVALID_REQUEST';
  constructor(
    readonly field: string,
    readonly value: unknown,
    expected: string,
  ) {
    super(`${field} must be ${expected}, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`);
  }
}

export class InfeasibleBudgetError extends EaselError {
  readonly code = 'INFEASIBLE_BUDGET';
  /**
   * `requested` and `minimum` are in the unit of `metric`: ms, MACs, parameters or bytes. `together` are limits that
   * were to be kept at the same time; without them, the minimum might be less.
   */
  constructor(
    readonly metric: string,
    readonly requested: number,
    readonly minimum: number,
    readonly together: readonly MetricLimit[] = [],
  ) {
    const others = joined('together with', together);
    super(`no subnet fits ${metric} <= ${requested}${others}: the smallest needs ${readable(minimum, Math.ceil)}`);
  }
}

export class UnreachableAccuracyError extends EaselError {
  readonly code = 'UNREACHABLE_ACCURACY';
  /** `best` is the highest accuracy (0..1) that is predicted of what the generator offers within `together`. */
  constructor(
    readonly requested: number,
    readonly best: number,
    readonly together: readonly MetricLimit[] = [],
  ) {
    const within = joined('within', together);
    super(
      `none of the subnets that the generator offers is predicted to reach accuracy ${requested}${within}; ` +
        `the best reaches ${readable(best, Math.floor)}`,
    );
  }
}

/** A bundle's file is missing, truncated or altered, or its manifest is not one. */
export class BundleError extends EaselError {
  readonly code = 'BUNDLE';
  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

/** A device profile is malformed, or was measured for another search space. */
export class ProfileError extends EaselError {
  readonly code = 'PROFILE';
  constructor(
    readonly profile: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`profile ${profile}: ${problem}`, options);
  }
}

export class ImageError extends EaselError {
  readonly code = 'IMAGE';
  constructor(
    readonly image: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${image}: ${problem}`, options);
  }
}

export class SearchSpaceError extends EaselError {
  readonly code = 'SEARCH_SPACE';
}

export class DisposedError extends EaselError {
  readonly code = 'DISPOSED';
  constructor(what: string) {
    super(`this ${what} was disposed; create a new one`);
  }
}

/** Bytes that are no ONNX model, or one beyond what Easel reads. */
export class OnnxError extends EaselError {
  readonly code = 'ONNX';
}

/** Weights or statistics that a subnet needs are not there, or have another shape. */
export class WeightError extends EaselError {
  readonly code = 'WEIGHT';
  constructor(
    readonly weight: string,
    problem: string,
  ) {
    super(`${weight}: ${problem}`);
  }
}

/** A package that is only needed in some places, so that Easel does not bring it along, is not installed. */
export class MissingDependencyError extends EaselError {
  readonly code = 'MISSING_DEPENDENCY';
  constructor(
    readonly dependency: string,
    purpose: string,
    options?: ErrorOptions,
  ) {
    super(`${purpose} needs the package ${dependency}; run: npm install ${dependency}`, options);
  }
}

/** A file could not be had from a web server. */
export class DownloadError extends EaselError {
  readonly code = 'DOWNLOAD';
  /** No server answered, or the browser hides the answer. */
  readonly unreachable: boolean;
  constructor(
    readonly url: URL,
    readonly problem: string,
    { unreachable = false, ...options }: ErrorOptions & { unreachable?: boolean } = {},
  ) {
    super(`${url.href}: ${problem}`, options);
    this.unreachable = unreachable;
  }
}

/** ONNX Runtime, or in Node sharp, is installed but does not start: no native code for this platform, no Wasm, a missing file. */
export class RuntimeLoadError extends EaselError {
  readonly code = 'RUNTIME';

  override get name(): string {
    return 'RuntimeLoadError';
  }
}
