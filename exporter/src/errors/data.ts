import { EaselError, listed } from '@easel/sdk/errors';

/** A data set that is not there, or is not laid out as one. */
export class DatasetError extends EaselError {
  readonly code: string = 'DATASET';
  constructor(
    readonly path: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${problem}`, options);
  }
}

export class MissingSplitError extends DatasetError {
  override readonly code = 'MISSING_SPLIT';
  constructor(
    path: string,
    readonly split: string,
    readonly found: readonly string[],
  ) {
    super(path, `has no folder "${split}" (expected train/CLASS/*.jpg and test/CLASS/*.jpg); found: ${listed(found)}`);
  }
}

export class EmptyClassError extends DatasetError {
  override readonly code = 'EMPTY_CLASS';
  constructor(
    path: string,
    readonly split: string,
    readonly className: string,
    extensions: readonly string[],
  ) {
    super(path, `${split}/${className} holds no image (${extensions.join(', ')}); add some or remove the folder`);
  }
}

/** The splits of a data set must have the same classes. */
export class ClassMismatchError extends DatasetError {
  override readonly code = 'CLASS_MISMATCH';
  constructor(
    path: string,
    readonly split: string,
    readonly missing: readonly string[],
    other: string,
  ) {
    super(path, `${split} lacks classes that ${other} has: ${listed(missing, 24)}`);
  }
}

export class TasksFileError extends EaselError {
  readonly code = 'TASKS_FILE';
  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`tasks file ${file}: ${problem}`, options);
  }
}
