import { InvalidRequestError, ProfileError } from '../errors/index.js';
import { type DeviceProfile, isProfileOf, tableOfProfile } from '../profile/index.js';
import { type CostTable, type Metric, macsTable, parametersTable, type SearchSpace } from '../space/index.js';

/** Every metric of a budget, in the order in which limits are applied (and ties between architectures are broken). */
export const budgetMetrics = ['latencyMs', 'macs', 'parameters', 'modelBytes'] as const satisfies readonly Metric[];

/** The cost tables of a search space, and of a device if its profile is given; made when first asked for. */
export class CostTables {
  readonly space: SearchSpace;
  readonly profile: DeviceProfile | undefined;
  /** `modelBytesTable`, once somebody needs it: few pages do, so that it is none of what they all load. */
  modelBytes: typeof macsTable | undefined;
  readonly #latency: CostTable | undefined;
  readonly #counted = new Map<string, CostTable>();

  /** @throws ProfileError if the profile was measured for another search space */
  constructor(space: SearchSpace, profile?: DeviceProfile) {
    this.space = space;
    this.profile = profile;
    if (!profile) return;
    if (!isProfileOf(profile, space)) throw new ProfileError(profile.name, `was not measured for ${space.name}`);
    this.#latency = tableOfProfile(profile, space);
  }

  /**
   * @param classes how many classes the subnet's classifier tells apart
   * @throws InvalidRequestError if latency is asked for without a device profile
   */
  get(metric: Metric, classes: number): CostTable {
    if (metric === 'latencyMs') {
      if (this.#latency) return this.#latency;
      const remedy = "load with { device: 'auto' } or a profile";
      throw new InvalidRequestError('budget', metric, `without latencyMs where there is no device profile (${remedy})`);
    }
    const makers = { macs: macsTable, parameters: parametersTable, modelBytes: this.modelBytes };
    const key = `${metric} ${classes}`;
    const table = this.#counted.get(key) ?? (makers[metric] as typeof macsTable)(this.space, classes);
    this.#counted.set(key, table);
    return table;
  }
}
