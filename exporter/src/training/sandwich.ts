import type { Random } from '@easel/sdk/random';
import type { Batch } from './batches.js';
import type { GradientSum } from './gradients.js';
import type { StepResult, TrainableSubnet } from './subnet.js';
import type { SubnetPool } from './subnet-pool.js';
import { classMask, type KeptClasses, smoothedLabels, softmaxOver } from './task-dropout.js';

export interface SandwichOptions {
  readonly classes: number;
  readonly labelSmoothing: number;
  readonly randomSubnets: number;
  readonly distillation: boolean;
  /** Of the targets that the largest gives. Default 1. */
  readonly temperature?: number;
  /** Whether the largest subnet learns alone. Default false. */
  readonly onlyLargest?: boolean;
}

export interface SandwichLosses {
  readonly largest: number;
  /** Not where the largest learns alone. */
  readonly smallest?: number;
  /** One per random subnet. */
  readonly random: readonly number[];
}

/**
 * The sandwich rule with in-place distillation (Yu et al. 2020, BigNAS): the largest subnet learns from the labels, the
 * smallest and a few random ones from the largest's present output. Of every image only its kept classes take
 * part.
 *
 * @param gradients receives the sum of all subnets' gradients
 */
export async function sandwichStep(
  pool: SubnetPool<TrainableSubnet>,
  state: ReadonlyMap<string, Float32Array>,
  batch: Batch,
  kept: KeptClasses,
  options: SandwichOptions,
  gradients: GradientSum,
  random: Random,
): Promise<SandwichLosses> {
  const { classes, labelSmoothing, randomSubnets, distillation, temperature, onlyLargest = false } = options;
  const mask = classMask(kept, classes);
  const learn = async (subnet: TrainableSubnet, targets: Float32Array): Promise<StepResult> => {
    const images = batch.images(subnet.architecture.resolution).data;
    const result = await subnet.run({ state, images, targets, mask });
    for (const [name, gradient] of result.gradients) gradients.add(name, gradient);
    return result;
  };
  gradients.clear();
  const labels = smoothedLabels(batch.labels, kept, classes, labelSmoothing, batch.patches);
  const largest = await learn(await pool.largest(), labels);
  if (onlyLargest) return { largest: largest.loss, random: [] };
  const targets = distillation ? softmaxOver(largest.logits, kept, classes, temperature) : labels;
  const smallest = await learn(await pool.smallest(), targets);
  const others: number[] = [];
  for (let i = 0; i < randomSubnets; i++) others.push((await learn(await pool.random(random), targets)).loss);
  return { largest: largest.loss, smallest: smallest.loss, random: others };
}
