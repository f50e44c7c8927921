import type { Random } from '@easel/sdk/random';
import {
  architectureCost,
  type BlockChoice,
  type CostTable,
  type Decision,
  largestArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';

/** What a device may ask for: which classes, on which device, within how many milliseconds. */
export interface Scenario {
  /** Class indices, ascending. */
  readonly classes: readonly number[];
  readonly latency: CostTable;
  readonly latencyMs: number;
}

export interface ScenarioSource {
  readonly space: SearchSpace;
  readonly decisions: readonly Decision[];
  /** Named tasks as class indices. */
  readonly tasks: readonly (readonly number[])[];
  readonly classes: number;
  readonly devices: readonly CostTable[];
}

/** A random class set on a randomly perturbed device with a budget anywhere in that device's range. */
export function randomScenario(source: ScenarioSource, random: Random): Scenario {
  const latency = perturbedDevice(source, random.pick(source.devices), random);
  const cheapest = architectureCost(latency, source.decisions, smallestArchitecture(source.space));
  const dearest = architectureCost(latency, source.decisions, largestArchitecture(source.space));
  return {
    classes: randomClasses(source, random),
    latency,
    latencyMs: cheapest + (dearest - cheapest) * random.uniform(0.02, 1),
  };
}

/**
 * A named task, a union of two, or any subset of at least two classes, all of them included: what users ask for, and what
 * they may yet. Sizes of subsets are log-uniform, since two classes and three differ more than fifty and sixty.
 */
export function randomClasses({ tasks, classes }: ScenarioSource, random: Random): readonly number[] {
  const ascending = (set: Iterable<number>) => [...new Set(set)].sort((a, b) => a - b);
  const draw = random.float();
  if (draw < 0.4) return ascending(random.pick(tasks));
  if (draw < 0.6) return ascending([...random.pick(tasks), ...random.pick(tasks)]);
  const all = random.shuffle(Array.from({ length: classes }, (_, c) => c));
  const size = Math.floor(2 * ((classes + 1) / 2) ** random.float());
  return ascending(all.slice(0, size));
}

/**
 * Another device made of a measured one: whole kernel sizes, widths and units get dearer or cheaper together, as caches
 * and vector units make them, and every entry a little by itself.
 */
export function perturbedDevice(source: ScenarioSource, device: CostTable, random: Random): CostTable {
  const shared = sharedFactors(random, { unit: 0.2, kernel: 0.2, expandRatio: 0.1 });
  const blockDecisions = source.decisions.filter((decision) => decision.kind === 'block');
  return {
    metric: device.metric,
    base: device.base.map((cost) => cost * logNormal(random, 0.1)),
    blocks: device.blocks.map((blocks) =>
      blocks.map((options, b) => {
        const { unit, options: choices } = blockDecisions[b] as (typeof blockDecisions)[number];
        return options.map((cost, o) => {
          return cost * shared(unit, choices[o] as (typeof choices)[number]) * logNormal(random, 0.05);
        });
      }),
    ),
  };
}

/**
 * What units, kernel sizes and expand ratios of one perturbed device cost, relative to the device it is made of: one
 * factor for each, drawn when it is first asked for.
 *
 * @param deviations of the factors' logarithms
 */
export function sharedFactors(
  random: Random,
  deviations: Readonly<Record<'unit' | 'kernel' | 'expandRatio', number>>,
): (unit: number, option: BlockChoice) => number {
  const factors = new Map<string, number>();
  const factor = (kind: keyof typeof deviations, value: number) => {
    const key = `${kind} ${value}`;
    const known = factors.get(key) ?? logNormal(random, deviations[kind]);
    factors.set(key, known);
    return known;
  };
  return (unit, { kernel, expandRatio }) =>
    factor('unit', unit) * factor('kernel', kernel) * factor('expandRatio', expandRatio);
}

function logNormal(random: Random, deviation: number): number {
  return Math.exp(deviation * random.normal());
}
