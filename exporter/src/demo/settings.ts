import type { GeneratorTrainingOptions } from '../generator/index.js';
import type { ProfileRequest } from '../pipeline/profile.js';
import type { PartialTrainingOptions } from '../pipeline/train.js';
import type { Questions } from './answers.js';

/** What fits into four minutes on two cores. A real training takes the defaults, and hours instead of minutes. */
export const training: PartialTrainingOptions = {
  seed: 1,
  batchSize: 64,
  epochs: 0.325,
  finishingEpochs: 0.075,
  learningRate: 0.25,
  finishingLearningRate: 0.04,
  warmUpEpochs: 0.025,
  labelSmoothing: 0,
  augmentation: null,
  taskDropout: { keepAll: 0.3, singleTask: 0.5 },
  pool: { size: 6, uses: 30 },
  statistics: { architectures: 24, extremes: 4, collections: 1 },
};

export const profile: Omit<ProfileRequest, 'out'> = { allowNoise: true, threads: 1, heldOut: 20, seconds: 20 };

export const generator: Partial<GeneratorTrainingOptions> = {
  subnets: 80,
  images: 1200,
  classSets: 200,
  budgets: 60,
  requests: 2000,
};

export const questions: Questions = { tasks: ['digits', 'vowels', 'hex'], budgets: 3, images: 300 };
