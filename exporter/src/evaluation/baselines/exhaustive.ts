import { type Architecture, type BlockChoice, deepest, type SearchSpace } from '@easel/sdk/space';

/**
 * (d) A sub-space small enough to measure all of it: every unit is its smallest form, its middle one, or its largest, so
 * three to the power of the units; at resolutions below the largest its smallest or its largest, two to that power.
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
  return space.resolutions.flatMap((resolution, r) => {
    let partial: BlockChoice[][][] = [[]];
    for (const [small, middle, large] of forms as [BlockChoice[], BlockChoice[], BlockChoice[]][]) {
      const own = r === space.resolutions.length - 1 ? [small, middle, large] : [small, large];
      partial = partial.flatMap((units) => own.map((blocks) => [...units, blocks]));
    }
    return partial.map((units) => ({ resolution, units }));
  });
}
