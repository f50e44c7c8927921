import type { Architecture, BlockChoice } from './architecture.js';
import { deepest, type SearchSpace } from './search-space.js';

/**
 * The decisions of a search space in their canonical order: the resolution, then for every unit its depth and its
 * blocks. The generator emits one number per option, concatenated in this order.
 */
export type Decision =
  | { readonly kind: 'resolution'; readonly offset: number; readonly options: readonly number[] }
  | { readonly kind: 'depth'; readonly unit: number; readonly offset: number; readonly options: readonly number[] }
  | {
      readonly kind: 'block';
      readonly unit: number;
      readonly block: number;
      readonly offset: number;
      readonly options: readonly BlockChoice[];
    };

export function decisionsOf(space: SearchSpace): readonly Decision[] {
  const decisions: Decision[] = [];
  let offset = 0;
  const push = (decision: Decision) => {
    decisions.push(decision);
    offset += decision.options.length;
  };
  push({ kind: 'resolution', offset, options: space.resolutions });
  space.units.forEach((unit, u) => {
    push({ kind: 'depth', unit: u, offset, options: unit.depths });
    const options = blockOptions(unit);
    for (let block = 0; block < deepest(unit); block++) push({ kind: 'block', unit: u, block, offset, options });
  });
  return decisions;
}

/** A block's options: kernel size x expand ratio, the expand ratio running fastest. */
export function blockOptions(unit: SearchSpace['units'][number]): readonly BlockChoice[] {
  return unit.kernels.flatMap((kernel) => unit.expandRatios.map((expandRatio) => ({ kernel, expandRatio })));
}

/** The length of the generator's output. */
export function optionCount(space: SearchSpace): number {
  return decisionsOf(space).reduce((sum, { options }) => sum + options.length, 0);
}

/** The chosen option of every decision; -1 for blocks beyond their unit's depth. */
export function chosenOptions(decisions: readonly Decision[], architecture: Architecture): number[] {
  return decisions.map((decision) => {
    switch (decision.kind) {
      case 'resolution':
        return decision.options.indexOf(architecture.resolution);
      case 'depth':
        return decision.options.indexOf(architecture.units[decision.unit]?.length ?? -1);
      case 'block': {
        const choice = architecture.units[decision.unit]?.[decision.block];
        if (!choice) return -1;
        return decision.options.findIndex((o) => o.kernel === choice.kernel && o.expandRatio === choice.expandRatio);
      }
      default:
        return decision satisfies never;
    }
  });
}

/** The inverse of `chosenOptions`; choices of blocks beyond their unit's depth are ignored. */
export function architectureOf(decisions: readonly Decision[], chosen: ArrayLike<number>): Architecture {
  let resolution = 0;
  const units: BlockChoice[][] = [];
  const depths: number[] = [];
  decisions.forEach((decision, i) => {
    const option = decision.options[chosen[i] as number];
    if (decision.kind === 'resolution') resolution = option as number;
    else if (decision.kind === 'depth') {
      depths[decision.unit] = option as number;
      units[decision.unit] = [];
    } else if (decision.block < (depths[decision.unit] as number)) {
      (units[decision.unit] as BlockChoice[]).push(option as BlockChoice);
    }
  });
  return { resolution, units };
}

/** One 0 or 1 per option, as the accuracy predictor and linear models take it. */
export function encodeArchitecture(decisions: readonly Decision[], architecture: Architecture): Float32Array {
  const last = decisions.at(-1) as Decision;
  const encoded = new Float32Array(last.offset + last.options.length);
  chosenOptions(decisions, architecture).forEach((chosen, i) => {
    if (chosen >= 0) encoded[(decisions[i] as Decision).offset + chosen] = 1;
  });
  return encoded;
}
