import type { Random } from '@easel/sdk/random';
import type { SearchSpace } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import type { Normalization } from '../data/index.js';
import { initializeWeights } from '../supernet/index.js';

/** A trained supernet of the same search space, to go on from. */
export interface InitialSupernet {
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Of the images that the weights have learned from: the new run keeps it. */
  readonly normalization: Normalization;
  readonly classes: readonly string[];
}

/** Whether a classifier over the one classes is a classifier over the others: the same names in the same order. */
export function sameClasses(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** Fresh weights, or copies of trained ones; for other classes than theirs the classifier is fresh. */
export function startingWeights(
  space: SearchSpace,
  classes: readonly string[],
  random: Random,
  initial?: InitialSupernet,
): Map<string, Tensor> {
  const fresh = initializeWeights(space, classes.length, random);
  if (!initial) return fresh;
  const keepsClassifier = sameClasses(initial.classes, classes);
  for (const name of fresh.keys()) {
    const trained = initial.weights.get(name);
    if (!trained) throw new Error(`the trained supernet has no weight ${name}`);
    if (keepsClassifier || !name.startsWith('classifier.')) {
      fresh.set(name, tensor(trained.shape, new Float32Array(trained.data)));
    }
  }
  return fresh;
}
