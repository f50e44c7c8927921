import { InvalidRequestError, ProfileError } from '../errors/index.js';
import { type DeviceProfile, isProfileOf, tableOfProfile } from '../profile/index.js';
import {
  type CostTable,
  exactTable,
  type Layer,
  layerParameters,
  type Metric,
  macsTable,
  parametersTable,
  type SearchSpace,
} from '../space/index.js';

/** Every metric of a budget, in the order in which limits are applied (and ties between architectures are broken). */
export const budgetMetrics = ['latencyMs', 'macs', 'parameters', 'modelBytes'] as const satisfies readonly Metric[];

/** The cost tables of a search space, and of a device if its profile is given; made when first asked for. */
export class CostTables {
  readonly space: SearchSpace;
  readonly profile: DeviceProfile | undefined;
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
    const key = `${metric} ${classes}`;
    let table = this.#counted.get(key);
    if (!table) {
      table = countedTables[metric](this.space, classes);
      this.#counted.set(key, table);
    }
    return table;
  }
}

const countedTables = { macs: macsTable, parameters: parametersTable, modelBytes: modelBytesTable } as const;

/**
 * An upper bound of an assembled model's size in bytes: 4 per parameter, and what ONNX needs for nodes and names.
 * It exceeds the file by 1 to 4 kB: at most 1.5 % in the presets, room for a little metadata.
 */
export function modelBytesTable(space: SearchSpace, classes: number): CostTable {
  const table = exactTable(space, classes, 'modelBytes', (layer) => 4 * layerParameters(layer) + layerOverhead(layer));
  const header = headerBytes + 3 * space.name.length;
  return { ...table, base: table.base.map((bytes) => bytes + header) };
}

/** Model, graph, input, output, opset and metadata. */
const headerBytes = 400;

/** Of a layer's nodes, attributes and initializers without the numbers: bytes, and how often they repeat its name. */
const overheads: Readonly<Record<Layer['kind'], readonly [bytes: number, names: number]>> = {
  convolution: [220, 12],
  'squeeze-excite': [1000, 32],
  pool: [120, 0],
  linear: [160, 10],
};

function layerOverhead(layer: Layer): number {
  const [bytes, names] = overheads[layer.kind];
  return bytes + names * ('name' in layer ? layer.name.length : 0);
}
