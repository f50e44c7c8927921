import { GraphBuilder } from '../onnx/index.js';
import {
  type Architecture,
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
import { type Moments, type Statistics, sliceInto, sliceWeight, type Weights } from './weights.js';

/** What every subnet is cut from. */
export interface Supernet {
  readonly space: SearchSpace;
  readonly weights: Weights;
  readonly statistics: Statistics;
  /** The task that the weights were adapted to, if any. */
  readonly adapter?: string;
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

/** `assemble` of what was checked already: the architecture is of this space, the supernet has all that it needs. */
export function writeSubnet(
  { space, weights, statistics }: Supernet,
  architecture: Architecture,
  classes: readonly number[],
  { batch = 1, metadata = {}, memory }: AssembleOptions = {},
): Uint8Array<ArrayBuffer> {
  const { resolution } = architecture;
  const name = formatArchitecture(architecture);
  const model = new GraphBuilder(`${space.name} ${name}`);
  Object.assign(model.metadata, { 'easel.space': space.name, 'easel.architecture': name }, metadata);
  const image = model.input(imageInput, [batch, 3, resolution, resolution]);
  const full = (weight: string) => weights.get(weight) as Tensor;
  const logits = emitNetwork(model, layersOf(space, architecture, classes.length), image, {
    convolution(layer, input, output) {
      const [weight, ...norm] = parametersOf(layer) as [Parameter, Parameter, Parameter];
      const [scale, shift] = norm.map((part) => sliceWeight(full(part.name), part.shape)) as [Tensor, Tensor];
      const { factors, bias } = factorsAndBias({ scale, shift, ...momentsOf(statistics, layer) }, layer.outputChannels);
      const inputs = [
        input,
        model.weight(weight.name, weight.shape, (target) =>
          sliceInto(target, full(weight.name), weight.shape, factors),
        ),
        model.weight(`${layer.name}.bias`, bias.shape, (target) => target.set(bias.data)),
      ];
      return model.named(output, 'Conv', inputs, convolutionAttributes(layer));
    },
    parameter: (weight, shape) =>
      model.weight(weight, shape, (target) => {
        if (isPerClass(weight)) pickRows(target, full(weight), classes);
        else sliceInto(target, full(weight), shape);
      }),
  });
  model.output(logits, [batch, classes.length], logitsOutput);
  return model.encode(memory);
}

export function momentsOf(statistics: Statistics, { name, statisticsKey }: ConvolutionLayer): Moments {
  return statistics.get(name)?.get(statisticsKey) as Moments;
}

/** Whether a parameter has a row per class of the supernet. */
export function isPerClass(parameter: string): boolean {
  return /^classifier\./.test(parameter);
}

/** Rows of `[classes, features]` or `[classes]`, in the given order. */
function pickRows(target: Float32Array, { shape, data }: Tensor, rows: readonly number[]): void {
  const width = data.length / (shape[0] as number);
  rows.forEach((row, i) => {
    target.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
}
