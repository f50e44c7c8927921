import {
  type Architecture,
  architectureCost,
  blockOptions,
  type CostTable,
  decisionsOf,
  deepest,
  type SearchSpace,
} from '../space/index.js';
import { assertProfileOf, type DeviceProfile, optionKey } from './profile.js';

/**
 * The profile as a cost table in ms.
 * @throws ProfileError if the profile was measured for another search space
 */
export function latencyTable(profile: DeviceProfile, space: SearchSpace): CostTable {
  assertProfileOf(profile, space);
  return {
    metric: 'latencyMs',
    base: profile.terms.map(({ base }) => base),
    blocks: profile.terms.map(({ units }) =>
      space.units.flatMap((unit, u) => {
        const keys = blockOptions(unit).map(optionKey);
        return Array.from({ length: deepest(unit) }, (_, block) => {
          const costs = units[u]?.[block === 0 ? 'first' : 'later'] ?? {};
          return keys.map((key) => costs[key] as number);
        });
      }),
    ),
  };
}

/** What the profile says one inference of a subnet takes, in ms. */
export function predictLatency(profile: DeviceProfile, space: SearchSpace, architecture: Architecture): number {
  return architectureCost(latencyTable(profile, space), decisionsOf(space), architecture);
}
