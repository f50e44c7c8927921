import { SearchSpaceError } from '../errors/index.js';
import type { Random } from '../random/index.js';
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

export function largestArchitecture(space: SearchSpace): Architecture {
  return uniform(space, (values) => values.at(-1) as number);
}

export function smallestArchitecture(space: SearchSpace): Architecture {
  return uniform(space, (values) => values[0] as number);
}

function uniform(space: SearchSpace, choose: (ascending: readonly number[]) => number): Architecture {
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
  return {
    resolution: random.pick(space.resolutions),
    units: space.units.map((unit) =>
      Array.from({ length: random.pick(unit.depths) }, () => ({
        kernel: random.pick(unit.kernels),
        expandRatio: random.pick(unit.expandRatios),
      })),
    ),
  };
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

/** @throws SearchSpaceError if the text is malformed or names a choice that the space does not offer. */
export function parseArchitecture(space: SearchSpace, text: string): Architecture {
  const match = /^(\d+):(.+)$/.exec(text);
  if (!match) throw new SearchSpaceError(`architecture "${text}": expected a form like 32:3x2,5x4/3x3`);
  const architecture: Architecture = {
    resolution: Number(match[1]),
    units: (match[2] as string).split('/').map((unit) =>
      unit.split(',').map((block) => {
        const choice = /^(\d+)x(\d+)$/.exec(block);
        if (!choice) throw new SearchSpaceError(`architecture "${text}": "${block}" is not of the form 3x2`);
        return { kernel: Number(choice[1]), expandRatio: Number(choice[2]) };
      }),
    ),
  };
  assertInSpace(space, architecture);
  return architecture;
}

/** @throws SearchSpaceError that names the first choice the space does not offer, and the choices it does offer. */
export function assertInSpace(space: SearchSpace, architecture: Architecture): void {
  offered('resolution', architecture.resolution, space.resolutions);
  if (architecture.units.length !== space.units.length) {
    throw new SearchSpaceError(`${architecture.units.length} units; space ${space.name} has ${space.units.length}`);
  }
  space.units.forEach((unit, u) => {
    const blocks = architecture.units[u] as readonly BlockChoice[];
    offered(`unit ${u}: depth`, blocks.length, unit.depths);
    blocks.forEach(({ kernel, expandRatio }, b) => {
      offered(`unit ${u} block ${b}: kernel size`, kernel, unit.kernels);
      offered(`unit ${u} block ${b}: expand ratio`, expandRatio, unit.expandRatios);
    });
  });
}

function offered(what: string, value: number, values: readonly number[]): void {
  if (!values.includes(value)) {
    throw new SearchSpaceError(`${what} ${value} is not in the search space; it offers ${values.join(', ')}`);
  }
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
