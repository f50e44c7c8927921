import { normEpsilon } from '@easel/sdk/space';
import type { Emitter } from '../../emitter.js';
import type { Value } from '../../graph.js';
import type { BlockedScope } from './blocked-scope.js';
import type { FusedLayer } from './partition.js';

/** Batch norm as `a u + b` per channel; all are `[channels, 1]`, channels padded with zeros. */
export interface Norm {
  readonly a: string;
  readonly b: string;
  readonly mean: string;
  /** 1 / sqrt(variance + epsilon) */
  readonly inverse: string;
}

export interface NormInputs {
  readonly scale: string;
  readonly shift: string;
}

/** Scale and shift, padded: padded channels come out as zero. */
export function normInputs(scope: BlockedScope, layer: FusedLayer): NormInputs {
  const [, scale, shift] = layer.norm.inputs as [Value, Value, Value];
  return { scale: column(scope, scale), shift: column(scope, shift) };
}

export function column(scope: BlockedScope, vector: Value): string {
  const { e } = scope.blocked;
  const channels = vector.shape[0] as number;
  const padded = e.pad(scope.name(vector), [0, scope.blocked.padded(channels) - channels]);
  return e.reshape(padded, [-1, 1]);
}

export function frozenStatistics(scope: BlockedScope, layer: FusedLayer): { mean: string; variance: string } {
  const [, , , mean, variance] = layer.norm.inputs as [Value, Value, Value, Value, Value];
  return { mean: column(scope, mean), variance: column(scope, variance) };
}

export function normOf(e: Emitter, { scale, shift }: NormInputs, mean: string, variance: string): Norm {
  const inverse = e.inverseRoot(variance, normEpsilon);
  const a = e.multiply(scale, inverse);
  return { a, b: e.subtract(shift, e.multiply(a, mean)), mean, inverse };
}

/** By the batch's own statistics, which are defined where the program gives them out. */
export function batchNorm(
  scope: BlockedScope,
  layer: FusedLayer,
  mean: string,
  sumOfSquares: string,
  samples: number,
): Norm {
  const { e } = scope.blocked;
  const variance = varianceOf(e, mean, sumOfSquares, samples);
  defineStatistics(scope, layer, mean, variance);
  return normOf(e, normInputs(scope, layer), mean, variance);
}

/** E[u²] - E[u]², which rounding may leave a hair below zero. */
function varianceOf(e: Emitter, mean: string, sumOfSquares: string, samples: number): string {
  return e.node('Relu', [e.subtract(e.scale(sumOfSquares, 1 / samples), e.square(mean))]);
}

function defineStatistics(scope: BlockedScope, layer: FusedLayer, mean: string, variance: string): void {
  const { e } = scope.blocked;
  const [, meanValue, varianceValue] = layer.norm.outputs as [Value, Value, Value];
  for (const [value, name] of [
    [meanValue, mean],
    [varianceValue, variance],
  ] as const) {
    const channels = value.shape[0] as number;
    scope.define(value, e.slice(e.reshape(name, [-1]), [0], [channels], [0]));
  }
}

export interface NormGradient {
  readonly scale: string;
  readonly shift: string;
}

/**
 * @param sum of the gradient dv of `a u + b`, `[channels, 1]`
 * @param dot sum of dv * u, `[channels, 1]`
 */
export function normGradient(e: Emitter, norm: Norm, sum: string, dot: string): NormGradient {
  return { scale: e.multiply(norm.inverse, e.subtract(dot, e.multiply(norm.mean, sum))), shift: sum };
}

/**
 * Adds the gradients of scale and shift, and gives the one through the batch's statistics: du = a (dv + b u + c).
 * @param mean of dv
 * @param dot as of `normGradient`
 */
export function batchNormGradient(
  scope: BlockedScope,
  layer: FusedLayer,
  norm: Norm,
  mean: string,
  dot: string,
  samples: number,
): { readonly b: string; readonly c: string } {
  const { e } = scope.blocked;
  const gradient = normGradient(e, norm, e.scale(mean, samples), dot);
  addNormGradients(scope, layer, gradient);
  const b = e.scale(e.multiply(norm.inverse, gradient.scale), -1 / samples);
  return { b, c: e.negate(e.add(mean, e.multiply(b, norm.mean))) };
}

export function addNormGradients(scope: BlockedScope, layer: FusedLayer, gradient: NormGradient): void {
  const { e } = scope.blocked;
  const [, scale, shift] = layer.norm.inputs as [Value, Value, Value];
  for (const [value, name] of [
    [scale, gradient.scale],
    [shift, gradient.shift],
  ] as const) {
    if (!scope.differentiable.has(value)) continue;
    scope.addGradient(value, e.slice(e.reshape(name, [-1]), [0], [value.shape[0] as number], [0]));
  }
}
