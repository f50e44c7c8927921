import { InvalidRequestError } from '../errors/index.js';
import { type CostTable, type Decision, decisionsOf, deepest, macsTable, type SearchSpace } from '../space/index.js';
import type { Limit } from './decode.js';
import { flatten } from './flat-costs.js';
import { layoutOf } from './layout.js';
import { Relaxation } from './relaxation.js';

/** The costs of the cheapest and of the most expensive architecture by a table. */
export interface CostRange {
  readonly smallest: number;
  readonly largest: number;
}

export function costRange(decisions: readonly Decision[], table: CostTable): CostRange {
  const layout = layoutOf(decisions);
  const relaxation = new Relaxation(layout);
  const resolutions = flatten(layout, table);
  const largest = resolutions.map(({ base, costs }) => {
    relaxation.sweep(costs, 1, costs, 0);
    return base + relaxation.cost;
  });
  return { smallest: Math.min(...resolutions.map(({ least }) => least)), largest: Math.max(...largest) };
}

/** Where a limit lies in its table's own range: 0 is the cheapest architecture, 1 the most expensive or beyond. */
export function relativeBudget({ smallest, largest }: CostRange, most: number): number {
  if (largest <= smallest) return 1;
  return Math.min(1, Math.max(0, (most - smallest) / (largest - smallest)));
}

/** How many numbers describe a device: per resolution its base, and per unit the first and the later blocks' options. */
export function deviceFeatureCount(space: SearchSpace): number {
  return space.resolutions.length * (1 + shapesOf(space).reduce((sum, { options }) => sum + options, 0));
}

/** The length of the generator's input. */
export function featureCount(space: SearchSpace, classCount: number): number {
  return classCount + 1 + deviceFeatureCount(space);
}

/**
 * What is particular about a device, whatever its speed: every term of its table as a share of its most expensive
 * architecture, less the share that MACs alone would give it, times the number of blocks so that values are around 1.
 * A device that takes time in proportion to MACs is all zeros, and so is a table of MACs itself.
 */
export function deviceFeatures(space: SearchSpace, table: CostTable): Float32Array {
  return new FeatureEncoder(space, 0).device(table);
}

/**
 * The generator's input: classes as a multi-hot vector, the relative budget, the device features. Of several limits,
 * the tightest (relative to its own range) is described; a limit on MACs or parameters is a "device" like any other.
 *
 * @param classes indices of the task's classes
 * @throws InvalidRequestError for an index that is none
 */
export function generatorFeatures(
  space: SearchSpace,
  classCount: number,
  classes: readonly number[],
  limits: readonly Limit[],
): Float32Array {
  for (const index of classes) {
    if (Number.isInteger(index) && index >= 0 && index < classCount) continue;
    throw new InvalidRequestError('class index', index, `an integer from 0 to ${classCount - 1}`);
  }
  return new FeatureEncoder(space, classCount).encode(classes, limits);
}

/** `generatorFeatures` for many requests: remembers what it derives from a table. */
export class FeatureEncoder {
  readonly length: number;
  readonly #space: SearchSpace;
  readonly #classCount: number;
  readonly #decisions: readonly Decision[];
  readonly #reference: Float64Array;
  readonly #known = new WeakMap<CostTable, { readonly range: CostRange; readonly device: Float32Array }>();

  constructor(space: SearchSpace, classCount: number) {
    this.#space = space;
    this.#classCount = classCount;
    this.#decisions = decisionsOf(space);
    this.#reference = shares(space, this.#decisions, macsTable(space, 1));
    this.length = featureCount(space, classCount);
  }

  device(table: CostTable): Float32Array {
    return this.#describe(table).device;
  }

  range(table: CostTable): CostRange {
    return this.#describe(table).range;
  }

  /**
   * @param classes indices from 0 to the number of classes less one
   * @param out where to write `length` numbers, such as a row of a batch
   */
  encode(
    classes: readonly number[],
    limits: readonly Limit[],
    out: Float32Array = new Float32Array(this.length),
  ): Float32Array {
    out.fill(0);
    for (const index of classes) out[index] = 1;
    let tightest: { readonly budget: number; readonly device: Float32Array } | undefined;
    for (const { table, most } of limits) {
      const { range, device } = this.#describe(table);
      const budget = relativeBudget(range, most);
      if (!tightest || budget < tightest.budget) tightest = { budget, device };
    }
    out[this.#classCount] = tightest?.budget ?? 1;
    if (tightest) out.set(tightest.device, this.#classCount + 1);
    return out;
  }

  #describe(table: CostTable): { readonly range: CostRange; readonly device: Float32Array } {
    let known = this.#known.get(table);
    if (!known) {
      const range = costRange(this.#decisions, table);
      const device = Float32Array.from(
        shares(this.#space, this.#decisions, table, range),
        (share, i) => share - (this.#reference[i] as number),
      );
      known = { range, device };
      this.#known.set(table, known);
    }
    return known;
  }
}

/** The blocks that share a shape: a unit's first block, and all its later ones. */
function shapesOf(space: SearchSpace): { readonly blocks: readonly number[]; readonly options: number }[] {
  let block = 0;
  return space.units.flatMap((unit) => {
    const depth = deepest(unit);
    const options = unit.kernels.length * unit.expandRatios.length;
    const first = { blocks: [block], options };
    const later = { blocks: Array.from({ length: depth - 1 }, (_, i) => block + 1 + i), options };
    block += depth;
    return depth > 1 ? [first, later] : [first];
  });
}

/** The terms of a table relative to its most expensive architecture; those of blocks times the number of blocks. */
function shares(
  space: SearchSpace,
  decisions: readonly Decision[],
  table: CostTable,
  { largest } = costRange(decisions, table),
): Float64Array {
  const shapes = shapesOf(space);
  const blockCount = shapes.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const scale = largest > 0 ? 1 / largest : 0;
  return Float64Array.from(
    table.base.flatMap((base, r) => [
      base * scale,
      ...shapes.flatMap(({ blocks, options }) =>
        Array.from({ length: options }, (_, option) => {
          const total = blocks.reduce((sum, block) => sum + (table.blocks[r]?.[block]?.[option] as number), 0);
          return (total / blocks.length) * scale * blockCount;
        }),
      ),
    ]),
  );
}
