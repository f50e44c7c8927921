import { elementCount } from '../tensor/index.js';
import type { Architecture, BlockChoice } from './architecture.js';
import { blockOptions, chosenOptions, type Decision, decisionsOf } from './decisions.js';
import { type Layer, layersOf, parametersOf } from './network.js';
import { deepest, type SearchSpace } from './search-space.js';

/** Multiply-accumulate operations of one image through one layer. Batch norm is folded, so it costs none. */
export function layerMacs(layer: Layer): number {
  switch (layer.kind) {
    case 'convolution':
      return (
        layer.outputSize ** 2 *
        layer.outputChannels *
        (layer.inputChannels / layer.groups) *
        layer.kernel *
        layer.kernel
      );
    case 'squeeze-excite':
      return 2 * layer.channels * layer.reduced;
    case 'pool':
      return 0;
    case 'linear':
      return layer.inputFeatures * layer.outputFeatures;
    default:
      return layer satisfies never;
  }
}

/** Numbers that a deployed layer stores: batch norm folds into one bias per channel. */
export function layerParameters(layer: Layer): number {
  if (layer.kind === 'convolution') {
    const [weight, , bias] = parametersOf(layer) as [{ shape: number[] }, unknown, { shape: number[] }];
    return elementCount(weight.shape) + elementCount(bias.shape);
  }
  return parametersOf(layer).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

export function countMacs(space: SearchSpace, architecture: Architecture, classes: number): number {
  return layersOf(space, architecture, classes).reduce((sum, layer) => sum + layerMacs(layer), 0);
}

export function countParameters(space: SearchSpace, architecture: Architecture, classes: number): number {
  return layersOf(space, architecture, classes).reduce((sum, layer) => sum + layerParameters(layer), 0);
}

export type Metric = 'latencyMs' | 'macs' | 'parameters' | 'modelBytes';

/**
 * What every option costs, additively: the cost of an architecture is the base of its resolution plus the cost of
 * every kept block. MACs and parameters are exactly of this form; a device's latency is fitted to it.
 */
export interface CostTable {
  readonly metric: Metric;
  /** `base[resolution option]`: stem, head, everything that is always there. */
  readonly base: readonly number[];
  /** `blocks[resolution option][block decision, in canonical order][option]`. */
  readonly blocks: readonly (readonly (readonly number[])[])[];
}

export function architectureCost(table: CostTable, decisions: readonly Decision[], architecture: Architecture): number {
  const chosen = chosenOptions(decisions, architecture);
  const resolution = chosen[0] as number;
  let cost = table.base[resolution] as number;
  let block = 0;
  decisions.forEach((decision, i) => {
    if (decision.kind !== 'block') return;
    const option = chosen[i] as number;
    if (option >= 0) cost += table.blocks[resolution]?.[block]?.[option] as number;
    block++;
  });
  return cost;
}

export function macsTable(space: SearchSpace, classes: number): CostTable {
  return exactTable(space, classes, 'macs', layerMacs);
}

export function parametersTable(space: SearchSpace, classes: number): CostTable {
  return exactTable(space, classes, 'parameters', layerParameters);
}

/** Sums a per-layer cost into the table; exact because a block's layers depend on its own choice alone. */
export function exactTable(
  space: SearchSpace,
  classes: number,
  metric: Metric,
  layerCost: (layer: Layer) => number,
): CostTable {
  const decisions = decisionsOf(space);
  const optionCount = Math.max(...decisions.map(({ options }) => options.length));
  const base: number[] = [];
  const blocks = space.resolutions.map((resolution, r) => {
    // Networks that choose the same option everywhere show every option of every block.
    const costsPerOption = Array.from({ length: optionCount }, (_, option) => {
      const units = space.units.map((unit) => {
        const options = blockOptions(unit);
        const choice = options[Math.min(option, options.length - 1)] as BlockChoice;
        return Array.from({ length: deepest(unit) }, () => choice);
      });
      return costPerBlock(layersOf(space, { resolution, units }, classes), layerCost);
    });
    base[r] = costsPerOption[0]?.get('') as number;
    return decisions.flatMap((decision) =>
      decision.kind === 'block'
        ? [
            decision.options.map((_, option) =>
              costsPerOption[option]?.get(`units.${decision.unit}.blocks.${decision.block}`),
            ) as number[],
          ]
        : [],
    );
  });
  return { metric, base, blocks };
}

/** By the block's name; '' is what is in no block. */
function costPerBlock(layers: readonly Layer[], layerCost: (layer: Layer) => number): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const layer of layers) {
    const block = ('name' in layer && /^units\.\d+\.blocks\.\d+/.exec(layer.name)?.[0]) || '';
    costs.set(block, (costs.get(block) ?? 0) + layerCost(layer));
  }
  return costs;
}
