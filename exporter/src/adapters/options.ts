import { InvalidRequestError } from '@easel/sdk/errors';

/** Everything that decides what adapters become, besides the run; plain JSON. */
export interface AdapterOptions {
  /** Of the task's images, each as large as the run's. Default 300. */
  readonly steps: number;
  /** Where half a cosine starts. Default 0.02. */
  readonly learningRate: number;
  /** Products per weight that the change is cut down to. Default 8. */
  readonly rank: number;
  /** Share of the images with a part of another one of the task. Default 0.5: a task has few images to overfit. */
  readonly cutMix: number;
  /** Of all randomness. Default 0. */
  readonly seed: number;
}

export const defaultAdapterOptions: AdapterOptions = { steps: 300, learningRate: 0.02, rank: 8, cutMix: 0.5, seed: 0 };

/** @throws InvalidRequestError naming the first field that is out of range */
export function adapterOptions(given: Partial<AdapterOptions>): AdapterOptions {
  const options = { ...defaultAdapterOptions, ...given };
  const { steps, learningRate, rank, cutMix, seed } = options;
  const check = (field: string, value: number, fits: boolean, expected: string) => {
    if (!fits) throw new InvalidRequestError(field, value, expected);
  };
  check('steps', steps, Number.isInteger(steps) && steps > 0, 'a positive integer');
  check('learningRate', learningRate, learningRate > 0 && Number.isFinite(learningRate), 'a positive number');
  check('rank', rank, Number.isInteger(rank) && rank > 0 && rank <= 64, 'a whole number from 1 to 64');
  check('cutMix', cutMix, cutMix >= 0 && cutMix <= 1, 'from 0 to 1');
  check('seed', seed, Number.isSafeInteger(seed), 'an integer');
  return options;
}
