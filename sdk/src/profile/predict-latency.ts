import { type Architecture, architectureCost, type CostTable, decisionsOf, type SearchSpace } from '../space/index.js';
import { tableOfProfile } from './latency-table.js';
import { assertProfileOf } from './parse-profile.js';
import type { DeviceProfile } from './profile.js';

/**
 * The profile as a cost table in ms.
 * @throws ProfileError if the profile was measured for another search space
 */
export function latencyTable(profile: DeviceProfile, space: SearchSpace): CostTable {
  assertProfileOf(profile, space);
  return tableOfProfile(profile, space);
}

/** What the profile says one inference of a subnet takes, in ms. */
export function predictLatency(profile: DeviceProfile, space: SearchSpace, architecture: Architecture): number {
  return architectureCost(latencyTable(profile, space), decisionsOf(space), architecture);
}
