import { InvalidRequestError } from '@easel/sdk/errors';
import { type AugmentationOptions, defaultAugmentation } from '../data/index.js';

/** Everything that decides what a training run computes; plain JSON. Two runs with equal options agree bit by bit. */
export interface TrainingOptions {
  /** Of all randomness. Default 0. */
  readonly seed: number;
  /** Images per step, shared by all subnets of the step. Default 128: large enough for batch statistics. */
  readonly batchSize: number;
  /** How often the train split is seen while batch norm uses the batch's statistics. Default 30. */
  readonly epochs: number;
  /** How often it is seen afterwards, with frozen statistics. Default 6: seven closed the gap to exact statistics. */
  readonly finishingEpochs: number;
  /** Peak of the cosine schedule. Default 0.15, for batches of 128 and gradients summed over three subnets. */
  readonly learningRate: number;
  /** Where the finishing epochs' cosine starts. Default 0.03: larger ones leave the statistics behind. */
  readonly finishingLearningRate: number;
  /** Epochs of linear warm-up, from a tenth of the peak; at most a tenth of the training. Default 1. */
  readonly warmUpEpochs: number;
  /** Nesterov's. Default 0.9. */
  readonly momentum: number;
  /** On matrices and kernels only, not on batch norm and biases. Default 3e-5: small networks underfit. */
  readonly weightDecay: number;
  /** Largest global norm of the summed gradient. Default 2. */
  readonly gradientClip: number;
  /** Share of the labels' probability spread over the kept classes. Default 0.1. */
  readonly labelSmoothing: number;
  /** Random subnets per step, besides the largest and the smallest. Default 1. */
  readonly randomSubnets: number;
  /** Whether all but the largest learn from the largest's output instead of from the labels. Default true. */
  readonly distillation: boolean;
  /**
   * How far a small subnet is from the largest: `kl`, the Kullback-Leibler divergence (as cross-entropy), or `alpha`,
   * AlphaNet's adaptive one, which also punishes being sure where the largest is not. Default kl.
   */
  readonly divergence: 'kl' | 'alpha';
  /** Softens both outputs of `kl` before they are compared (Hinton et al. 2015). Default 1. */
  readonly temperature: number;
  /** Ratio of probabilities beyond which `alpha` learns no more. Default 5, as published. */
  readonly ratioClip: number;
  /**
   * Decay of the running mean of the weights, which takes their place whenever statistics are collected and at the end;
   * 0 for none. Default 0.
   */
  readonly averaging: number;
  /** Which subnets take part when; null: all of them from the start. Default null. */
  readonly progressive: ProgressiveOptions | null;
  readonly taskDropout: TaskDropoutOptions;
  /** null turns it off, as the smallest spaces and characters like it. Default: crops of 4 px padding, mirroring
   * where the data set allows it, no cutout (which networks this small cannot afford), no change of scale, no CutMix. */
  readonly augmentation: AugmentationOptions | null;
  readonly pool: PoolOptions;
  readonly statistics: StatisticsOptions;
}

/** With probability `keepAll` all classes are kept, else those of one task, of a union of tasks, or random ones. */
export interface TaskDropoutOptions {
  /**
   * What classes are drawn for. `step`: all images of a step are of the kept classes, so that batch norm sees nothing
   * else. `image`: batches hold images of all classes, and for each the softmax runs over kept ones, its own among them.
   * Default step.
   */
  readonly per: 'step' | 'image';
  /**
   * Default 0.8: only all classes together teach to tell classes of different tasks apart, and 0.5 costs accuracy
   * (docs/training.md).
   */
  readonly keepAll: number;
  /** Of the other draws, the share that keeps a single task; the rest keeps two or more. Default 0.5. */
  readonly singleTask: number;
  /** Of the other draws, the share that keeps any two or more classes, whatever tasks there are. Default 0. */
  readonly randomClasses: number;
}

/** Progressive shrinking (Cai et al. 2020), depth before width. Shares of the steps before batch norm is frozen. */
export interface ProgressiveOptions {
  /** During which the largest subnet learns alone. Default 0.2. */
  readonly largest: number;
  /** During which, after that, depths and kernels vary, at full width. Default 0.2. */
  readonly depth: number;
}

export const defaultProgressive: ProgressiveOptions = { largest: 0.2, depth: 0.2 };

/** Compiled random subnets, out of which every step takes one. */
export interface PoolOptions {
  /** How many are alive; each holds 200 to 400 MiB of its own (mobile-32, batches of 128). Default 3. */
  readonly size: number;
  /** How many steps one serves before another takes its place. Default 8: compiling stays below 5 % of the time. */
  readonly uses: number;
}

export interface StatisticsOptions {
  /** Random architectures visited in one collection. Default 150. */
  readonly architectures: number;
  /** Visits of the largest and of the smallest. Default 10. */
  readonly extremes: number;
  /** The finishing epochs before which statistics are collected anew. Default 3. */
  readonly collections: number;
}

export const defaultTrainingOptions: TrainingOptions = {
  seed: 0,
  batchSize: 128,
  epochs: 30,
  finishingEpochs: 6,
  learningRate: 0.15,
  finishingLearningRate: 0.03,
  warmUpEpochs: 1,
  momentum: 0.9,
  weightDecay: 3e-5,
  gradientClip: 2,
  labelSmoothing: 0.1,
  randomSubnets: 1,
  distillation: true,
  divergence: 'kl',
  temperature: 1,
  ratioClip: 5,
  averaging: 0,
  progressive: null,
  taskDropout: { per: 'step', keepAll: 0.8, singleTask: 0.5, randomClasses: 0 },
  augmentation: defaultAugmentation,
  pool: { size: 3, uses: 8 },
  statistics: { architectures: 150, extremes: 10, collections: 3 },
};

/**
 * The options of a run or checkpoint, whatever version wrote it: what did not exist then was off, whatever the default
 * may be now.
 */
export function completeOptions(saved: TrainingOptions): TrainingOptions {
  return {
    ...{ divergence: 'kl', temperature: 1, ratioClip: 5, averaging: 0, progressive: null },
    ...saved,
    taskDropout: { ...{ per: 'step', randomClasses: 0 }, ...saved.taskDropout },
    augmentation: saved.augmentation && { ...{ scale: [1, 1] as const, cutMix: 0 }, ...saved.augmentation },
  };
}

/** A misspelt option of a group would be ignored for the hours that a training takes. */
function assertGroups(options: TrainingOptions): void {
  const { taskDropout, pool, statistics } = defaultTrainingOptions;
  const groups = { taskDropout, pool, statistics, augmentation: defaultAugmentation, progressive: defaultProgressive };
  for (const [group, fields] of Object.entries(groups)) {
    const given: unknown = options[group as keyof typeof groups];
    const known = Object.keys(fields);
    const mayBeOff = group === 'augmentation' || group === 'progressive';
    if (given === null && mayBeOff) continue;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      const expected = `an object with any of ${known.join(', ')}${mayBeOff ? ', or null for off' : ''}`;
      throw new InvalidRequestError(group, given, expected);
    }
    const unknown = Object.keys(given).find((field) => !known.includes(field));
    if (unknown) throw new InvalidRequestError(`option of ${group}`, unknown, `one of ${known.join(', ')}`);
  }
}

/**
 * The defaults, overridden by `given`.
 * @throws InvalidRequestError naming the first field that is unknown or out of range.
 */
export function trainingOptions(given: Partial<TrainingOptions> = {}): TrainingOptions {
  const known = Object.keys(defaultTrainingOptions);
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown) throw new InvalidRequestError('training option', unknown, `one of ${known.join(', ')}`);
  const options = { ...defaultTrainingOptions, ...given };
  assertGroups(options);
  assertSchedule(options);
  assertLosses(options);
  const { progressive, taskDropout, augmentation, pool, statistics } = options;
  if (progressive) {
    share('progressive.largest', progressive.largest);
    share('progressive.depth', progressive.depth);
    share('progressive.largest + progressive.depth', progressive.largest + progressive.depth);
  }
  oneOf('taskDropout.per', taskDropout.per, ['step', 'image']);
  share('taskDropout.keepAll', taskDropout.keepAll);
  share('taskDropout.singleTask', taskDropout.singleTask);
  share('taskDropout.randomClasses', taskDropout.randomClasses);
  if (augmentation) assertAugmentation(augmentation);
  positiveInteger('pool.size', pool.size);
  positiveInteger('pool.uses', pool.uses);
  positiveInteger('statistics.architectures', statistics.architectures);
  positiveInteger('statistics.extremes', statistics.extremes);
  positiveInteger('statistics.collections', statistics.collections);
  return options;
}

function assertSchedule(options: TrainingOptions): void {
  check('seed', options.seed, Number.isSafeInteger(options.seed), 'an integer');
  positiveInteger('batchSize', options.batchSize);
  notNegative('epochs', options.epochs);
  notNegative('finishingEpochs', options.finishingEpochs);
  positive('learningRate', options.learningRate);
  positive('finishingLearningRate', options.finishingLearningRate);
  notNegative('warmUpEpochs', options.warmUpEpochs);
  share('momentum', options.momentum, true);
  notNegative('weightDecay', options.weightDecay);
  positive('gradientClip', options.gradientClip);
  share('averaging', options.averaging, true);
}

function assertLosses(options: TrainingOptions): void {
  share('labelSmoothing', options.labelSmoothing, true);
  wholeNumber('randomSubnets', options.randomSubnets);
  trueOrFalse('distillation', options.distillation);
  oneOf('divergence', options.divergence, ['kl', 'alpha']);
  positive('temperature', options.temperature);
  if (options.divergence === 'alpha' && options.temperature !== 1) {
    throw new InvalidRequestError('temperature', options.temperature, '1 where the divergence is alpha');
  }
  check('ratioClip', options.ratioClip, options.ratioClip > 1, 'a number above 1');
}

function assertAugmentation({ cropPadding, horizontalFlip, cutout, scale, cutMix }: AugmentationOptions): void {
  wholeNumber('augmentation.cropPadding', cropPadding);
  trueOrFalse('augmentation.horizontalFlip', horizontalFlip);
  wholeNumber('augmentation.cutout', cutout);
  share('augmentation.cutMix', cutMix);
  const isPair = Array.isArray(scale) && scale.length === 2;
  if (!isPair) throw new InvalidRequestError('augmentation.scale', scale, 'two numbers, [least, greatest]');
  const [least, greatest] = scale;
  check('augmentation.scale[0]', least, least > 0, 'a positive number');
  check('augmentation.scale[1]', greatest, greatest >= least, 'not below the first');
}

function check(field: string, value: number, fits: boolean, expected: string): void {
  if (!fits || !Number.isFinite(value)) throw new InvalidRequestError(field, value, expected);
}

function positiveInteger(field: string, value: number): void {
  check(field, value, Number.isInteger(value) && value > 0, 'a positive integer');
}

function wholeNumber(field: string, value: number): void {
  check(field, value, Number.isInteger(value) && value >= 0, 'zero or a positive integer');
}

function positive(field: string, value: number): void {
  check(field, value, value > 0, 'a positive number');
}

function notNegative(field: string, value: number): void {
  check(field, value, value >= 0, 'zero or a positive number');
}

function share(field: string, value: number, below = false): void {
  check(field, value, value >= 0 && (below ? value < 1 : value <= 1), `from 0 to ${below ? 'below ' : ''}1`);
}

function trueOrFalse(field: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new InvalidRequestError(field, value, 'true or false');
}

function oneOf(field: string, value: string, valid: readonly string[]): void {
  if (!valid.includes(value)) throw new InvalidRequestError(field, value, valid.join(' or '));
}
