import { SearchSpaceError } from '../errors/index.js';
import { conform } from '../schema/index.js';
import { type Architecture, architectureSchema, type BlockChoice } from './architecture.js';
import type { SearchSpace } from './search-space.js';

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

/**
 * @throws SearchSpaceError that tells what architectures look like, or names the first choice the space does not offer and the
 *   choices it does offer
 */
export function assertInSpace(space: SearchSpace, architecture: Architecture): void {
  if (!conform(architectureSchema, architecture)) {
    const found = JSON.stringify(architecture)?.slice(0, 80);
    throw new SearchSpaceError(`architecture must be { resolution, units: [[{ kernel, expandRatio }]] }, got ${found}`);
  }
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
