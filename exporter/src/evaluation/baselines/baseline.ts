import { Random } from '@easel/sdk/random';
import { type Architecture, architectureCost, type CostTable, type Decision, type SearchSpace } from '@easel/sdk/space';

/** One question: the best subnet for these classes within this budget. */
export interface Cell {
  readonly task: string;
  /** Class indices. */
  readonly classes: readonly number[];
  readonly device: string;
  readonly table: CostTable;
  readonly most: number;
}

/** A way of choosing subnets. None of them ever sees test images. */
export interface Baseline {
  readonly name: string;
  choose(cell: Cell): Promise<Architecture>;
}

/** What baselines share. */
export interface BaselineContext {
  readonly space: SearchSpace;
  readonly decisions: readonly Decision[];
  readonly seed: number;
  /** Predicted accuracies (0..1) of many architectures on a class set. */
  readonly predict: (classes: readonly number[], architectures: readonly Architecture[]) => Promise<readonly number[]>;
  /** Accuracy (0..1) of an architecture on the validation images of a class set. */
  readonly measure: (classes: readonly number[], architecture: Architecture) => Promise<number>;
}

export function isWithin({ table, most }: Cell, decisions: readonly Decision[], architecture: Architecture): boolean {
  return architectureCost(table, decisions, architecture) <= most;
}

/** The same cell asks with the same randomness, whatever was asked before. */
export function randomOf({ seed }: Pick<BaselineContext, 'seed'>, cell: Cell): Random {
  const text = `${cell.task} ${cell.device} ${cell.most}`;
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return new Random(hash);
}
