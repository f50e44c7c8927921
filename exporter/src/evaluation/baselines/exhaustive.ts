import { type Architecture, type BlockChoice, deepest, type SearchSpace } from '@easel/sdk/space';

/**
 * (d) A sub-space small enough to measure all of it: every unit is its smallest form, its middle one, or its largest.
 * Three to the power of the units, per resolution.
 */
export function enumerableArchitectures(space: SearchSpace): Architecture[] {
  const forms = space.units.map((unit): BlockChoice[][] => {
    const at = <T>(values: readonly T[], share: number) => values[Math.round(share * (values.length - 1))] as T;
    return [0, 0.5, 1].map((share) =>
      Array.from({ length: share === 1 ? deepest(unit) : at(unit.depths, share) }, () => ({
        kernel: at(unit.kernels, share),
        expandRatio: at(unit.expandRatios, share),
      })),
    );
  });
  let partial: BlockChoice[][][] = [[]];
  for (const unit of forms) partial = partial.flatMap((units) => unit.map((blocks) => [...units, blocks]));
  return space.resolutions.flatMap((resolution) => partial.map((units) => ({ resolution, units })));
}
