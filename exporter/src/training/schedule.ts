import type { TrainingOptions } from './options.js';

export type Phase = 'training' | 'finishing';

/** Where a run stands, in whole steps: `training` steps, then `finishing` ones. */
export interface Schedule {
  readonly stepsPerEpoch: number;
  readonly trainingSteps: number;
  readonly finishingSteps: number;
  readonly totalSteps: number;
  phase(step: number): Phase;
  learningRate(step: number): number;
  /** Before which steps batch-norm statistics are collected anew: the start of the first finishing epochs. */
  readonly collections: readonly number[];
}

/** Linear warm-up and half a cosine for the training (Loshchilov & Hutter 2017), another half cosine for the finish. */
export function scheduleOf(options: TrainingOptions, trainSize: number): Schedule {
  const { epochs, finishingEpochs, batchSize, learningRate, finishingLearningRate, warmUpEpochs } = options;
  const stepsPerEpoch = Math.max(1, Math.round(trainSize / batchSize));
  const trainingSteps = Math.round(epochs * stepsPerEpoch);
  const finishingSteps = Math.round(finishingEpochs * stepsPerEpoch);
  const warmUp = Math.floor(Math.min(warmUpEpochs * stepsPerEpoch, trainingSteps / 10));
  const collections = Array.from({ length: options.statistics.collections }, (_, i) => i * stepsPerEpoch)
    .filter((step) => step === 0 || step < finishingSteps)
    .map((step) => trainingSteps + step);
  return {
    stepsPerEpoch,
    trainingSteps,
    finishingSteps,
    totalSteps: trainingSteps + finishingSteps,
    collections,
    phase: (step) => (step < trainingSteps ? 'training' : 'finishing'),
    learningRate(step) {
      if (step >= trainingSteps) return finishingLearningRate * cosine((step - trainingSteps) / finishingSteps);
      if (step < warmUp) return learningRate * (0.1 + (0.9 * step) / warmUp);
      return learningRate * cosine((step - warmUp) / (trainingSteps - warmUp));
    },
  };
}

/** From 1 at 0 down to 0 at 1. */
function cosine(progress: number): number {
  return (1 + Math.cos(Math.PI * Math.min(1, progress))) / 2;
}
