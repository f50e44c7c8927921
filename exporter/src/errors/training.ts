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
  /** The last checkpoint; undefined where there is none, or a step from it cannot be calculated. It may be bad already. */
  readonly checkpoint: SavedStep | undefined;

  /**
   * @param step steps done; the last of them made the weights what they are
   * @param learningRate of that step
   * @param saved the last checkpoint
   * @param previous the one before it
   */
  constructor(
    readonly step: number,
    readonly learningRate: number,
    saved: SavedStep | undefined,
    readonly previous: SavedStep | undefined,
  ) {
    // The losses of a checkpoint's own weights are the first that are calculated from it.
    const isGood = saved !== undefined && saved.step < step;
    super(`training diverged at step ${step} (learning rate ${learningRate}); ${advice(saved, isGood, previous)}`);
    this.checkpoint = isGood ? saved : undefined;
  }
}

function advice(saved: SavedStep | undefined, isGood: boolean, previous: SavedStep | undefined): string {
  const anew = 'start again with a smaller learning rate';
  const command = ({ file }: SavedStep) => `with a smaller learning rate: easel train --init ${file} ...`;
  if (!saved) return `no checkpoint was saved: ${anew}`;
  if (isGood) {
    const orBefore = previous ? ` (or, if that diverges too, from ${previous.file}, of step ${previous.step})` : '';
    return `go on from the last checkpoint, of step ${saved.step}, ${command(saved)}${orBefore}`;
  }
  const bad = `the last checkpoint, ${saved.file} of step ${saved.step}, is bad already`;
  if (!previous) return `${bad}: ${anew}`;
  return `${bad}: go on from the one before it, of step ${previous.step}, ${command(previous)}`;
}

/** A checkpoint, and how many steps had been done when it was written. */
export interface SavedStep {
  readonly file: string;
  readonly step: number;
}
