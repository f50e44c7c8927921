import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Supernet } from '@easel/sdk/subnet';
import { type Dataset, imagesOf, type Normalization, partOf } from '../data/index.js';
import type { Engine } from '../engine/index.js';
import { subnetLogits, taskAccuracy } from '../evaluation/index.js';

/** Mean accuracy over some subnets on a task's validation images, told apart from each other. */
export interface AdapterGain {
  readonly images: number;
  readonly subnets: number;
  readonly before: number;
  readonly after: number;
}

export interface GainOptions {
  readonly dataset: Dataset;
  readonly normalization: Normalization;
  readonly engine: Engine;
}

/** Validation images, spread evenly over the task's. */
const MOST_IMAGES = 1000;

/** What a task's adapter brings on images that neither it nor the supernet has learned from. */
export async function adapterGain(
  members: readonly number[],
  supernet: Supernet,
  adapted: Supernet,
  { dataset, normalization, engine }: GainOptions,
): Promise<AdapterGain> {
  const { validation, resolution, classes } = dataset;
  const split = partOf(validation, imagesOf(validation, members));
  const architectures = subnetsOf(supernet.space);
  const mean = async ({ space, weights, statistics }: Supernet) => {
    let sum = 0;
    for (const architecture of architectures) {
      const logits = await subnetLogits(weights, statistics, architecture, {
        space,
        classes: classes.length,
        split,
        resolution,
        normalization,
        engine,
        images: MOST_IMAGES,
      });
      sum += taskAccuracy(logits, members);
    }
    return sum / architectures.length;
  };
  return {
    images: Math.min(split.size, MOST_IMAGES),
    subnets: architectures.length,
    before: await mean(supernet),
    after: await mean(adapted),
  };
}

/** The largest, the smallest, and some between. */
function subnetsOf(space: SearchSpace): readonly Architecture[] {
  const random = new Random(1);
  const between = Array.from({ length: 4 }, () => randomArchitecture(space, random));
  return [largestArchitecture(space), smallestArchitecture(space), ...between];
}
