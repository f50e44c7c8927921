import { blockOptions, type CostTable, deepest, type SearchSpace } from '../space/index.js';
import { type DeviceProfile, optionKey } from './profile.js';

/** A profile that was checked already as a cost table in ms; `latencyTable` checks it. */
export function tableOfProfile(profile: DeviceProfile, space: SearchSpace): CostTable {
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
