import { EaselError } from '@easel/sdk/errors';

/** A checkpoint that is damaged, or belongs to another run than the one that asked for it. */
export class CheckpointError extends EaselError {
  readonly code = 'CHECKPOINT';
  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`checkpoint ${file}: ${problem}`, options);
  }
}

/** Training was asked to stop (Ctrl-C) and has saved everything it needs to go on. */
export class TrainingInterruptedError extends EaselError {
  readonly code = 'TRAINING_INTERRUPTED';
  constructor(
    readonly step: number,
    readonly totalSteps: number,
    readonly checkpoint: string,
  ) {
    super(`training stopped before step ${step} of ${totalSteps}; ${checkpoint} holds all of it: resume to go on`);
  }
}

/** The loss or its gradient is no longer a number. */
export class DivergedError extends EaselError {
  readonly code = 'DIVERGED';
  constructor(
    readonly step: number,
    readonly learningRate: number,
    /** The last good checkpoint, if there is one. */
    readonly checkpoint: { readonly file: string; readonly step: number } | undefined,
  ) {
    const last = checkpoint
      ? `the last good checkpoint is ${checkpoint.file}, at step ${checkpoint.step}`
      : 'no checkpoint';
    super(`training diverged at step ${step} (learning rate ${learningRate}); use a smaller one; ${last}`);
  }
}
