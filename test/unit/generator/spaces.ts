import type { Random } from '@easel/sdk/random';
import {
  type Architecture,
  type BlockChoice,
  blockOptions,
  type CostTable,
  type Decision,
  decisionsOf,
  type Metric,
  type SearchSpace,
} from '@easel/sdk/space';

/** Spaces small enough to enumerate: several resolutions, a gap among the depths, a unit without choices. */
export const smallSpaces: readonly SearchSpace[] = [
  spaceOf(
    'elastic',
    [16, 24],
    [
      { depths: [1, 3], kernels: [3, 5], expandRatios: [2] },
      { depths: [1, 2], kernels: [3], expandRatios: [2, 3, 4] },
    ],
  ),
  spaceOf(
    'fixed',
    [32],
    [
      { depths: [1], kernels: [3], expandRatios: [1] },
      { depths: [2], kernels: [3, 5], expandRatios: [2, 4] },
      { depths: [1, 2, 3], kernels: [3, 7], expandRatios: [3] },
    ],
  ),
  spaceOf('wide', [8, 16, 24], [{ depths: [1, 2, 3], kernels: [3, 5, 7], expandRatios: [2, 3] }]),
];

type Choices = Pick<SearchSpace['units'][number], 'depths' | 'kernels' | 'expandRatios'>;

function spaceOf(name: string, resolutions: number[], units: readonly Choices[]): SearchSpace {
  return {
    name,
    version: 1,
    resolutions,
    stem: { channels: 8, stride: 1, activation: 'relu' },
    units: units.map((choices) => ({ ...choices, channels: 8, stride: 2, activation: 'relu', squeezeExcite: false })),
    head: { channels: 16, activation: 'relu' },
  };
}

export function allArchitectures(space: SearchSpace): readonly Architecture[] {
  const perUnit = space.units.map((unit) => unit.depths.flatMap((depth) => sequences(blockOptions(unit), depth)));
  const combinations = perUnit.reduce<BlockChoice[][][]>(
    (heads, unit) => heads.flatMap((head) => unit.map((blocks) => [...head, blocks])),
    [[]],
  );
  return space.resolutions.flatMap((resolution) => combinations.map((units) => ({ resolution, units })));
}

function sequences<T>(items: readonly T[], length: number): T[][] {
  if (length === 0) return [[]];
  return sequences(items, length - 1).flatMap((head) => items.map((item) => [...head, item]));
}

/** A cost table filled by `draw`. */
export function tableOf(decisions: readonly Decision[], metric: Metric, draw: () => number): CostTable {
  const resolutions = decisions[0]?.options ?? [];
  return {
    metric,
    base: resolutions.map(draw),
    blocks: resolutions.map(() =>
      decisions.flatMap(({ kind, options }) => (kind === 'block' ? [options.map(draw)] : [])),
    ),
  };
}

/** A random table of a realistic form on a real space: costs grow with kernel size and expand ratio. */
export function plausibleTable(space: SearchSpace, random: Random, metric: Metric = 'latencyMs'): CostTable {
  const decisions = decisionsOf(space);
  return {
    metric,
    base: space.resolutions.map((resolution) => resolution * random.uniform(0.5, 1.5)),
    blocks: space.resolutions.map((resolution) =>
      decisions.flatMap((decision) =>
        decision.kind === 'block'
          ? [decision.options.map((o) => resolution * o.expandRatio * (o.kernel + 4) * random.uniform(0.007, 0.013))]
          : [],
      ),
    ),
  };
}
