import { WeightError } from '../errors/index.js';
import { type Architecture, assertInSpace, type ConvolutionLayer, layersOf, parametersOf } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import { assertPart } from './assert-part.js';
import { type Moments, type Statistics, sliceWeight, type Weights } from './weights.js';
import { type AssembleOptions, isPerClass, momentsOf, type Supernet, writeSubnet } from './write-subnet.js';

/**
 * The subnet as an ONNX model: weights sliced, batch norm folded, everything baked in as constants, which ONNX Runtime
 * packs once when it opens the model. Takes normalized float32 RGB images.
 *
 * @param classes indices of the classes to tell apart, the logits' order
 * @throws SearchSpaceError if the architecture is not of this space
 * @throws WeightError if weights or statistics that it needs are missing
 */
export function assemble(
  supernet: Supernet,
  architecture: Architecture,
  classes: readonly number[],
  options: AssembleOptions = {},
): Uint8Array<ArrayBuffer> {
  const { space, weights, statistics } = supernet;
  assertInSpace(space, architecture);
  for (const layer of layersOf(space, architecture, classes.length)) {
    for (const { name, shape } of parametersOf(layer)) {
      if (isPerClass(name)) assertRows(name, weightNamed(weights, name), classes);
      else partOf(weights, name, shape);
    }
    if (layer.kind === 'convolution') checkedMoments(statistics, layer);
  }
  return writeSubnet(supernet, architecture, classes, options);
}

/** @throws WeightError if this choice's statistics are missing or have another number of channels. */
export function checkedMoments(statistics: Statistics, layer: ConvolutionLayer): Moments {
  const { name, statisticsKey, outputChannels } = layer;
  const moments: Moments | undefined = momentsOf(statistics, layer);
  const weight = `${name} (batch-norm statistics ${statisticsKey})`;
  if (!moments) throw new WeightError(weight, 'missing; collect statistics of every block choice');
  for (const { shape } of [moments.mean, moments.variance]) {
    if (shape.join() !== String(outputChannels)) {
      throw new WeightError(weight, `shape [${shape.join(', ')}], expected [${outputChannels}]`);
    }
  }
  return moments;
}

/** @throws WeightError if the weight is missing, or the shape is no part of its own */
export function slicedWeight(weights: Weights, name: string, shape: readonly number[]): Tensor {
  return sliceWeight(partOf(weights, name, shape), shape);
}

function weightNamed(weights: Weights, name: string): Tensor {
  const weight = weights.get(name);
  if (!weight) throw new WeightError(name, 'missing among the weights of the supernet');
  return weight;
}

/** The weight, if it has such a part. */
function partOf(weights: Weights, name: string, shape: readonly number[]): Tensor {
  const full = weightNamed(weights, name);
  try {
    assertPart(full, shape);
  } catch (cause) {
    throw new WeightError(name, (cause as Error).message);
  }
  return full;
}

function assertRows(name: string, { shape: [count] }: Tensor, rows: readonly number[]): void {
  for (const row of rows) {
    if (Number.isInteger(row) && row >= 0 && row < (count as number)) continue;
    throw new WeightError(name, `has no row for class index ${row}; it has ${count}`);
  }
}
