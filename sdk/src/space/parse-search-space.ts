import { SearchSpaceError } from '../errors/index.js';
import { parse, SchemaProblem } from '../schema/index.js';
import { isAscending, isOdd, isUnmixed, type SearchSpace, searchSpaceSchema } from './search-space.js';

/** @throws SearchSpaceError that names the offending field. */
export function parseSearchSpace(document: unknown): SearchSpace {
  try {
    const space = parse(searchSpaceSchema, document);
    assertSearchSpace(space);
    return space;
  } catch (problem) {
    if (!(problem instanceof SchemaProblem)) throw problem;
    throw new SearchSpaceError(`search space: ${problem.message}`);
  }
}

/** @throws SchemaProblem that names the field whose values do not go together */
export function assertSearchSpace({ resolutions, units }: SearchSpace): void {
  const demand = (fits: boolean, field: string, expected: string): void => {
    if (!fits) throw new SchemaProblem(`${field}: ${expected}`);
  };
  const ascending = (values: readonly number[], field: string) =>
    demand(isAscending(values), field, 'must be ascending');
  ascending(resolutions, 'resolutions');
  units.forEach(({ depths, kernels, expandRatios }, u) => {
    ascending(depths, `units.${u}.depths`);
    ascending(kernels, `units.${u}.kernels`);
    ascending(expandRatios, `units.${u}.expandRatios`);
    demand(kernels.every(isOdd), `units.${u}.kernels`, 'kernel sizes must be odd');
    demand(
      isUnmixed(expandRatios),
      `units.${u}`,
      'expand ratio 1 (a block without an expansion) cannot be mixed with others',
    );
  });
}
