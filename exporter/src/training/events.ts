import type { QuickEvaluation } from './quick-evaluation.js';
import type { Phase } from './schedule.js';

/** What a run reports while it goes on; a union on `kind`. */
export type TrainingEvent = StepEvent | CollectionEvent | EvaluationEvent | CheckpointEvent;

/** After every few steps; losses and times are means over these steps. */
export interface StepEvent {
  readonly kind: 'step';
  readonly phase: Phase;
  /** Steps done. */
  readonly step: number;
  readonly totalSteps: number;
  readonly imagesSeen: number;
  readonly learningRate: number;
  readonly losses: { readonly largest: number; readonly smallest?: number; readonly random?: number };
  readonly gradientNorm: number;
  /** Mean over the images. */
  readonly keptClasses: number;
  readonly imagesPerSecond: number;
  /** Shares of the time spent compiling subnets and waiting for batches, which another thread prepares. */
  readonly compileShare: number;
  readonly dataShare: number;
  /** Of the steps that are left, at the present pace. */
  readonly secondsLeft: number;
  readonly memoryMiB: number;
}

/** While batch-norm statistics are collected. */
export interface CollectionEvent {
  readonly kind: 'collection';
  readonly step: number;
  readonly done: number;
  readonly total: number;
}

/** On a part of the validation split. The file of metrics leaves the confusion out. */
export interface EvaluationEvent extends QuickEvaluation {
  readonly kind: 'evaluation';
  readonly phase: Phase;
  readonly step: number;
  readonly randomArchitecture: string;
  readonly seconds: number;
}

export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
  readonly file: string;
}
