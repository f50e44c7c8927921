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

/** The loss or its gradient is no longer a number, or weights became too large to calculate with. */
export class DivergedError extends EaselError {
  readonly code = 'DIVERGED';
  /** The last good checkpoint, if there is one. */
  readonly checkpoint: SavedStep | undefined;

  /** @param saved the last checkpoint; it is not good if the very first step from it diverged */
  constructor(
    readonly step: number,
    readonly learningRate: number,
    saved: SavedStep | undefined,
  ) {
    const isGood = saved !== undefined && saved.step < step;
    const last = isGood
      ? `the last good checkpoint is ${saved.file}, at step ${saved.step}`
      : saved
        ? `no checkpoint is good: the first step from ${saved.file}, at step ${saved.step}, diverged`
        : 'no checkpoint';
    super(`training diverged at step ${step} (learning rate ${learningRate}); use a smaller one; ${last}`);
    this.checkpoint = isGood ? saved : undefined;
  }
}

/** A checkpoint, and how many steps had been done when it was written. */
export interface SavedStep {
  readonly file: string;
  readonly step: number;
}
