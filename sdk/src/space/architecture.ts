import type { Random } from '../random/index.js';
import { conform, object } from '../schema/index.js';
import { deepest, type SearchSpace } from './search-space.js';

export interface BlockChoice {
  readonly kernel: number;
  readonly expandRatio: number;
}

/** One choice for every decision of a search space. Only kept blocks are listed: a unit's depth is its length. */
export interface Architecture {
  readonly resolution: number;
  readonly units: readonly (readonly BlockChoice[])[];
}

const integer = { type: 'integer' } as const;
const list = <const Items>(items: Items) => ({ type: 'array', items }) as const;

/** What an application kept may be of any form. */
export const architectureSchema = object({
  resolution: integer,
  units: list(list(object({ kernel: integer, expandRatio: integer }))),
});

export function largestArchitecture(space: SearchSpace): Architecture {
  return chosenBy(space, (values) => values.at(-1) as number);
}

export function smallestArchitecture(space: SearchSpace): Architecture {
  return chosenBy(space, (values) => values[0] as number);
}

/** Every choice is one of the values that the space offers for it. */
export function chosenBy(space: SearchSpace, choose: (ascending: readonly number[]) => number): Architecture {
  return {
    resolution: choose(space.resolutions),
    units: space.units.map((unit) =>
      Array.from({ length: choose(unit.depths) }, () => ({
        kernel: choose(unit.kernels),
        expandRatio: choose(unit.expandRatios),
      })),
    ),
  };
}

/** Every decision drawn independently and uniformly. */
export function randomArchitecture(space: SearchSpace, random: Random): Architecture {
  return chosenBy(space, (values) => random.pick(values));
}

/**
 * A short, readable, reversible name: resolution, then a group per unit with `kernel x expandRatio` per block, such as
 * `32:3x2,5x4/3x3`. It serves as cache key, table column and command-line argument.
 */
export function formatArchitecture({ resolution, units }: Architecture): string {
  return `${resolution}:${units
    .map((blocks) => blocks.map(({ kernel, expandRatio }) => `${kernel}x${expandRatio}`).join(','))
    .join('/')}`;
}

/** Whether the space offers every choice; `assertInSpace` says which it does not. */
export function isInSpace({ resolutions, units }: SearchSpace, architecture: Architecture): boolean {
  return (
    conform(architectureSchema, architecture) !== undefined &&
    resolutions.includes(architecture.resolution) &&
    architecture.units.length === units.length &&
    units.every(({ depths, kernels, expandRatios }, u) => {
      const blocks = architecture.units[u] as readonly BlockChoice[];
      const isOffered = ({ kernel, expandRatio }: BlockChoice) =>
        kernels.includes(kernel) && expandRatios.includes(expandRatio);
      return depths.includes(blocks.length) && blocks.every(isOffered);
    })
  );
}

/** How many different architectures the space holds. */
export function spaceSize(space: SearchSpace): number {
  return space.units.reduce((product, unit) => {
    const perBlock = unit.kernels.length * unit.expandRatios.length;
    return product * unit.depths.reduce((sum, depth) => sum + perBlock ** depth, 0);
  }, space.resolutions.length);
}

/** The number of blocks with all units at their deepest. */
export function blockCount(space: SearchSpace): number {
  return space.units.reduce((sum, unit) => sum + deepest(unit), 0);
}
