import type { Random } from '@easel/sdk/random';
import {
  type Architecture,
  type ConvolutionLayer,
  largestArchitecture,
  layersOf,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { normalizationsOf, type Statistics } from '@easel/sdk/subnet';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import type { Engine } from '../engine/index.js';
import { buildNetwork, imageInput, statisticsInput } from './network.js';

export interface CollectionOptions {
  readonly space: SearchSpace;
  readonly classes: number;
  readonly batch: number;
  readonly engine: Engine;
  /** The next batch `[batch, 3, resolution, resolution]`. */
  images(resolution: number): Tensor;
  /** After every visit. */
  onVisit?(done: number, total: number): void;
}

/** One architecture, normalized by `visits` batches. */
export interface Visit {
  readonly architecture: Architecture;
  readonly visits: number;
}

/**
 * Batch-norm statistics per layer and block choice: the mean of the batches' means and of their second moments over all
 * visits of a choice, whatever the rest of the network was.
 */
export async function collectStatistics(
  weights: ReadonlyMap<string, Tensor>,
  plan: readonly Visit[],
  options: CollectionOptions,
): Promise<Statistics> {
  const { space, classes, batch, engine } = options;
  const sums = new Map<string, Map<string, Moments>>();
  const total = plan.reduce((sum, { visits }) => sum + visits, 0);
  let done = 0;
  for (const { architecture, visits } of plan) {
    const { graph, statistics } = buildNetwork(space, architecture, { batch, classes, norm: 'batch' });
    const outputs = Object.fromEntries(
      statistics.flatMap(({ mean, variance }, i) => [
        [`mean ${i}`, mean],
        [`variance ${i}`, variance],
      ]),
    );
    const program = { name: 'statistics', graph, outputs };
    const executable = await engine.compile(program);
    try {
      for (let visit = 0; visit < visits; visit++) {
        const images = options.images(architecture.resolution).data;
        const results = await executable.run({
          get: (name) => (name === imageInput ? images : weights.get(name)?.data),
        });
        statistics.forEach(({ layer, key }, i) => {
          const ofLayer = sums.get(layer) ?? new Map<string, Moments>();
          sums.set(layer, ofLayer);
          const mean = (results[`mean ${i}`] as Tensor).data;
          const moments = ofLayer.get(key) ?? new Moments(mean.length);
          ofLayer.set(key, moments);
          moments.add(mean, (results[`variance ${i}`] as Tensor).data);
        });
        options.onVisit?.(++done, total);
      }
    } finally {
      await executable.dispose();
    }
  }
  return new Map(
    [...sums].map(([layer, keys]) => [layer, new Map([...keys].map(([key, moments]) => [key, moments.average()]))]),
  );
}

/**
 * Architectures that visit every statistics key of the space at least `leastVisits` times: the largest and the
 * smallest (`extremes` visits each), `count` random ones, and more random ones for the keys that these left out.
 */
export function visitingPlan(
  space: SearchSpace,
  { count, extremes, leastVisits = 4 }: { count: number; extremes: number; leastVisits?: number },
  random: Random,
): readonly Visit[] {
  const plan: Visit[] = [
    { architecture: largestArchitecture(space), visits: extremes },
    { architecture: smallestArchitecture(space), visits: extremes },
  ];
  const missing = new Map(statisticsKeys(space).map((key) => [key, leastVisits]));
  const visit = (architecture: Architecture, onlyIfMissing: boolean) => {
    const keys = keysOf(space, architecture);
    if (onlyIfMissing && !keys.some((key) => missing.has(key))) return;
    plan.push({ architecture, visits: 1 });
    for (const key of keys) {
      const left = (missing.get(key) ?? 0) - 1;
      if (left > 0) missing.set(key, left);
      else missing.delete(key);
    }
  };
  for (let i = 0; i < count; i++) visit(randomArchitecture(space, random), false);
  while (missing.size > 0) visit(randomArchitecture(space, random), true);
  return plan;
}

/** Every `layer/key` that some architecture of the space needs. */
export function statisticsKeys(space: SearchSpace): readonly string[] {
  return normalizationsOf(space).map(({ layer, key }) => `${layer}/${key}`);
}

/** The statistics as inputs of frozen networks, by name. */
export function statisticsInputs(statistics: Statistics): ReadonlyMap<string, Float32Array> {
  const inputs = new Map<string, Float32Array>();
  for (const [layer, keys] of statistics) {
    for (const [key, { mean, variance }] of keys) {
      inputs.set(statisticsInput(layer, key, 'mean'), mean.data);
      inputs.set(statisticsInput(layer, key, 'variance'), variance.data);
    }
  }
  return inputs;
}

function keysOf(space: SearchSpace, architecture: Architecture): string[] {
  return layersOf(space, architecture, 2)
    .filter((layer): layer is ConvolutionLayer => layer.kind === 'convolution')
    .map(({ name, statisticsKey }) => `${name}/${statisticsKey}`);
}

class Moments {
  #count = 0;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;

  constructor(channels: number) {
    this.#mean = new Float64Array(channels);
    this.#square = new Float64Array(channels);
  }

  add(mean: Float32Array, variance: Float32Array): void {
    this.#count++;
    for (let i = 0; i < mean.length; i++) {
      const m = mean[i] as number;
      this.#mean[i] = (this.#mean[i] as number) + m;
      this.#square[i] = (this.#square[i] as number) + (variance[i] as number) + m * m;
    }
  }

  average(): { mean: Tensor; variance: Tensor } {
    const mean = this.#mean.map((sum) => sum / this.#count);
    const variance = this.#square.map((sum, i) => Math.max(0, sum / this.#count - (mean[i] as number) ** 2));
    const shape = [mean.length];
    return { mean: tensor(shape, Float32Array.from(mean)), variance: tensor(shape, Float32Array.from(variance)) };
  }
}
