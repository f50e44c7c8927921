import { type Architecture, type Decision, encodeArchitecture } from '@easel/sdk/space';
import { taskAccuracy } from '../evaluation/index.js';
import { type LogitsTable, ridgeRegression } from './utilities.js';

/** Accuracy of a subnet on one task as a sum over its choices; plain JSON. */
export interface AdditiveAccuracy {
  /** Mean accuracy of the measured subnets, 0..1. */
  readonly mean: number;
  /** What each option adds, in the canonical order of decisions. */
  readonly gains: readonly number[];
  /** Validation images of the task's classes that each subnet was measured on. */
  readonly images: number;
  /** Mean absolute difference between this prediction and what was measured, on the measured subnets. */
  readonly fitError: number;
}

/**
 * A first accuracy predictor: the accuracies of the measured subnets on the task's validation images, fitted by ridge
 * regression to their choices. It knows how subnets differ, but inherits the validation images' sampling error, which is
 * the same for all of them: about sqrt(p (1 - p) / images).
 */
export function fitAccuracy(
  decisions: readonly Decision[],
  table: LogitsTable,
  classes: readonly number[],
  ridge = 3,
): AdditiveAccuracy {
  const measured = table.logits.map((logits) => taskAccuracy({ logits, labels: table.labels }, classes));
  const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
  const gains = ridgeRegression(rows, measured, ridge);
  const mean = measured.reduce((sum, accuracy) => sum + accuracy, 0) / measured.length;
  const wanted = new Set(classes);
  const model = { mean, gains, images: table.labels.filter((label) => wanted.has(label)).length };
  const errors = table.architectures.map((architecture, i) =>
    Math.abs(predictAccuracy(model, decisions, architecture) - (measured[i] as number)),
  );
  return { ...model, fitError: errors.reduce((sum, error) => sum + error, 0) / errors.length };
}

/** Clipped to 0..1. */
export function predictAccuracy(
  { mean, gains }: Pick<AdditiveAccuracy, 'mean' | 'gains'>,
  decisions: readonly Decision[],
  architecture: Architecture,
): number {
  const encoded = encodeArchitecture(decisions, architecture);
  const sum = encoded.reduce((total, chosen, option) => total + chosen * (gains[option] as number), mean);
  return Math.min(1, Math.max(0, sum));
}
