import { WeightError } from '../errors/index.js';
import { ModelBuilder } from '../onnx/index.js';
import {
  type Architecture,
  assertInSpace,
  type ConvolutionLayer,
  formatArchitecture,
  layersOf,
  type Parameter,
  parametersOf,
  type SearchSpace,
} from '../space/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { factorsAndBias } from './fold.js';
import { convolutionAttributes, emitNetwork } from './network.js';
import { type Moments, type Statistics, sliceWeight, type Weights } from './weights.js';

/** What every subnet is cut from. */
export interface Supernet {
  readonly space: SearchSpace;
  readonly weights: Weights;
  readonly statistics: Statistics;
}

export interface AssembleOptions {
  /** How many images one run takes; 'batch' leaves it open. Default: 1. */
  readonly batch?: number | 'batch';
  /** Kept in the model for whoever opens it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Names of the model's input, `[batch, 3, resolution, resolution]`, and output, `[batch, classes]`. */
export const imageInput = 'image';
export const logitsOutput = 'logits';

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
  { batch = 1, metadata = {} }: AssembleOptions = {},
): Uint8Array {
  const { space } = supernet;
  assertInSpace(space, architecture);
  const { resolution } = architecture;
  const name = formatArchitecture(architecture);
  const model = new ModelBuilder(`${space.name} ${name}`);
  Object.assign(model.metadata, { 'easel.space': space.name, 'easel.architecture': name }, metadata);
  const image = model.input(imageInput, [batch, 3, resolution, resolution]);
  const layers = layersOf(space, architecture, classes.length);
  const logits = emitNetwork(model, layers, image, {
    convolution(layer, input, output) {
      const { weight, bias } = foldedConvolution(supernet, layer);
      const inputs = [
        input,
        model.initializer(`${layer.name}.weight`, weight),
        model.initializer(`${layer.name}.bias`, bias),
      ];
      return model.named(output, 'Conv', inputs, convolutionAttributes(layer));
    },
    parameter(name, shape) {
      const full = weightNamed(supernet.weights, name);
      const part = /^classifier\./.test(name) ? pickRows(name, full, classes) : slice(name, full, shape);
      return model.initializer(name, part);
    },
  });
  model.output(logits, [batch, classes.length], logitsOutput);
  return model.encode();
}

function foldedConvolution({ weights, statistics }: Supernet, layer: ConvolutionLayer) {
  const [weight, scale, shift] = parametersOf(layer) as [Parameter, Parameter, Parameter];
  const channels = layer.outputChannels;
  const { factors, bias } = factorsAndBias(
    {
      scale: slice(scale.name, weightNamed(weights, scale.name), scale.shape),
      shift: slice(shift.name, weightNamed(weights, shift.name), shift.shape),
      ...momentsOf(statistics, layer),
    },
    channels,
  );
  return {
    weight: slice(weight.name, weightNamed(weights, weight.name), weight.shape, factors),
    bias: tensor([channels], bias),
  };
}

/** @throws WeightError if this choice's statistics are missing or have another number of channels. */
export function momentsOf(statistics: Statistics, { name, statisticsKey, outputChannels }: ConvolutionLayer): Moments {
  const moments = statistics.get(name)?.get(statisticsKey);
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
  return slice(name, weightNamed(weights, name), shape);
}

function weightNamed(weights: Weights, name: string): Tensor {
  const weight = weights.get(name);
  if (!weight) throw new WeightError(name, 'missing among the weights of the supernet');
  return weight;
}

function slice(name: string, full: Tensor, shape: readonly number[], factors?: Float64Array): Tensor {
  try {
    return sliceWeight(full, shape, factors);
  } catch (cause) {
    throw new WeightError(name, (cause as Error).message);
  }
}

/** Rows of `[classes, features]` or `[classes]`, in the given order. */
function pickRows(name: string, full: Tensor, rows: readonly number[]): Tensor {
  const [count, ...rest] = full.shape as [number, ...number[]];
  const width = full.data.length / count;
  const picked = tensor([rows.length, ...rest]);
  rows.forEach((row, i) => {
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new WeightError(name, `has no row for class index ${row}; it has ${count}`);
    }
    picked.data.set(full.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}
