import { WeightError } from '../errors/index.js';
import { GraphBuilder } from '../onnx/index.js';
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
import type { Tensor } from '../tensor/index.js';
import { factorsAndBias } from './fold.js';
import { convolutionAttributes, emitNetwork } from './network.js';
import { assertPart, type Moments, type Statistics, sliceInto, sliceWeight, type Weights } from './weights.js';

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
  /** Where to write the model, if it is large enough: whoever assembles often need not ask for memory every time. */
  readonly memory?: ArrayBuffer | undefined;
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
  { batch = 1, metadata = {}, memory }: AssembleOptions = {},
): Uint8Array<ArrayBuffer> {
  const { space } = supernet;
  assertInSpace(space, architecture);
  const { resolution } = architecture;
  const name = formatArchitecture(architecture);
  const model = new GraphBuilder(`${space.name} ${name}`);
  Object.assign(model.metadata, { 'easel.space': space.name, 'easel.architecture': name }, metadata);
  const image = model.input(imageInput, [batch, 3, resolution, resolution]);
  const layers = layersOf(space, architecture, classes.length);
  const logits = emitNetwork(model, layers, image, {
    convolution(layer, input, output) {
      const { factors, bias } = foldedNorm(supernet, layer);
      const [{ name, shape }] = parametersOf(layer) as [Parameter];
      const full = weightNamed(supernet.weights, name);
      assertSlice(name, full, shape);
      const inputs = [
        input,
        model.weight(name, shape, (target) => sliceInto(target, full, shape, factors)),
        model.weight(`${layer.name}.bias`, bias.shape, (target) => target.set(bias.data)),
      ];
      return model.named(output, 'Conv', inputs, convolutionAttributes(layer));
    },
    parameter(name, shape) {
      const full = weightNamed(supernet.weights, name);
      if (/^classifier\./.test(name)) return model.weight(name, shape, rowPicker(name, full, classes));
      assertSlice(name, full, shape);
      return model.weight(name, shape, (target) => sliceInto(target, full, shape));
    },
  });
  model.output(logits, [batch, classes.length], logitsOutput);
  return model.encode(memory);
}

/** What a convolution's batch norm comes to: factors of its weights, and its bias. */
function foldedNorm({ weights, statistics }: Supernet, layer: ConvolutionLayer) {
  const [, scale, shift] = parametersOf(layer) as [Parameter, Parameter, Parameter];
  const part = ({ name, shape }: Parameter) => slicedWeight(weights, name, shape);
  return factorsAndBias(
    { scale: part(scale), shift: part(shift), ...momentsOf(statistics, layer) },
    layer.outputChannels,
  );
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
  const full = weightNamed(weights, name);
  assertSlice(name, full, shape);
  return sliceWeight(full, shape);
}

function weightNamed(weights: Weights, name: string): Tensor {
  const weight = weights.get(name);
  if (!weight) throw new WeightError(name, 'missing among the weights of the supernet');
  return weight;
}

function assertSlice(name: string, full: Tensor, shape: readonly number[]): void {
  try {
    assertPart(full, shape);
  } catch (cause) {
    throw new WeightError(name, (cause as Error).message);
  }
}

/** Writes rows of `[classes, features]` or `[classes]`, in the given order. */
function rowPicker(name: string, { shape, data }: Tensor, rows: readonly number[]): (target: Float32Array) => void {
  const count = shape[0] as number;
  const width = data.length / count;
  for (const row of rows) {
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new WeightError(name, `has no row for class index ${row}; it has ${count}`);
    }
  }
  return (target) =>
    rows.forEach((row, i) => {
      target.set(data.subarray(row * width, (row + 1) * width), i * width);
    });
}
