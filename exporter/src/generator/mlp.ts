import { ModelBuilder } from '@easel/sdk/onnx';
import type { Random } from '@easel/sdk/random';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { Graph, ops, type Program, type Value } from '../engine/index.js';

/**
 * The generator: standardized features, one hidden layer, and utilities that are a common part plus what this request
 * changes: `common + W2 relu(W1 (x - mean) / deviation + b1)`. The common part is fitted in closed form; W2 starts
 * at zero, so that an untrained generator is the closed form.
 */
export interface NetworkWeights {
  /** `[features]` each. */
  readonly mean: Tensor;
  readonly deviation: Tensor;
  /** `[hidden, features]`, `[hidden]`, `[options, hidden]`. */
  readonly hiddenWeight: Tensor;
  readonly hiddenBias: Tensor;
  readonly outputWeight: Tensor;
  /** `[options]` */
  readonly common: Tensor;
}

export const trainedNames = ['hiddenWeight', 'hiddenBias', 'outputWeight'] as const;

export function initializeGenerator(
  features: { readonly mean: Float32Array; readonly deviation: Float32Array },
  hidden: number,
  common: Float32Array,
  random: Random,
): NetworkWeights {
  const count = features.mean.length;
  const hiddenWeight = new Float32Array(hidden * count);
  for (let i = 0; i < hiddenWeight.length; i++) hiddenWeight[i] = random.normal() * Math.sqrt(2 / count);
  return {
    mean: tensor([count], features.mean),
    deviation: tensor([count], features.deviation),
    hiddenWeight: tensor([hidden, count], hiddenWeight),
    hiddenBias: tensor([hidden]),
    outputWeight: tensor([common.length, hidden]),
    common: tensor([common.length], common),
  };
}

/** Mean and deviation of every feature over sampled requests; a constant feature gets deviation 1. */
export function measureFeatures(rows: readonly Float32Array[]): { mean: Float32Array; deviation: Float32Array } {
  const count = rows[0]?.length ?? 0;
  const mean = new Float32Array(count);
  const deviation = new Float32Array(count);
  for (let f = 0; f < count; f++) {
    let sum = 0;
    let squares = 0;
    for (const row of rows) {
      sum += row[f] as number;
      squares += (row[f] as number) ** 2;
    }
    mean[f] = sum / rows.length;
    const variance = squares / rows.length - (mean[f] as number) ** 2;
    deviation[f] = variance > 1e-8 ? Math.sqrt(variance) : 1;
  }
  return { mean, deviation };
}

export function standardize(features: Float32Array, weights: NetworkWeights): Float32Array {
  return features.map((value, f) => (value - (weights.mean.data[f] as number)) / (weights.deviation.data[f] as number));
}

/**
 * Fits the request's part of the utilities to targets: loss = mean over requests of the weighted squared error. Inputs
 * besides the trained weights: `features` `[batch, features]` (standardized), `targets` and `weights` `[batch, options]`.
 */
export function regressionProgram(weights: NetworkWeights, batch: number): Program {
  const graph = new Graph();
  const [hidden, features] = weights.hiddenWeight.shape as [number, number];
  const options = weights.common.shape[0] as number;
  const parameters: Record<string, Value> = Object.fromEntries(
    trainedNames.map((name) => [name, graph.input(name, weights[name].shape)]),
  );
  const { hiddenWeight, hiddenBias, outputWeight } = parameters as Record<(typeof trainedNames)[number], Value>;
  const x = graph.input('features', [batch, features]);
  let h = graph.apply(ops.linear, [x, hiddenWeight, hiddenBias], {});
  h = graph.apply(ops.activation, [h], { kind: 'relu' });
  const zero = graph.input('zero', [options]);
  const utilities = graph.apply(ops.linear, [h, outputWeight, zero], {});
  const loss = graph.apply(
    ops.weightedSquaredError,
    [utilities, graph.input('targets', [batch, options]), graph.input('weights', [batch, options])],
    {},
  );
  if (hidden !== hiddenBias.shape[0]) throw new Error('the hidden bias does not fit the hidden weight');
  return { name: 'generator', graph, outputs: { loss, utilities }, loss, gradients: parameters };
}

/** What is shipped: `request` `[batch, features]` to `utilities` `[batch, options]`, the standardization folded in. */
export function exportGenerator(weights: NetworkWeights): Uint8Array {
  const [hidden, features] = weights.hiddenWeight.shape as [number, number];
  const options = weights.common.shape[0] as number;
  const folded = new Float32Array(hidden * features);
  const bias = Float32Array.from(weights.hiddenBias.data);
  for (let h = 0; h < hidden; h++) {
    for (let f = 0; f < features; f++) {
      const scaled = (weights.hiddenWeight.data[h * features + f] as number) / (weights.deviation.data[f] as number);
      folded[h * features + f] = scaled;
      bias[h] = (bias[h] as number) - scaled * (weights.mean.data[f] as number);
    }
  }
  const model = new ModelBuilder('generator');
  const request = model.input('request', ['batch', features]);
  const hiddenLayer = model.node(
    'Gemm',
    [
      request,
      model.initializer('hidden.weight', tensor([hidden, features], folded)),
      model.initializer('hidden.bias', tensor([hidden], bias)),
    ],
    { transB: 1 },
  );
  const utilities = model.node(
    'Gemm',
    [
      model.node('Relu', [hiddenLayer]),
      model.initializer('output.weight', weights.outputWeight),
      model.initializer('output.bias', weights.common),
    ],
    { transB: 1 },
  );
  model.output(utilities, ['batch', options], 'utilities');
  return model.encode();
}
