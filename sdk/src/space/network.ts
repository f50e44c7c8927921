import type { Architecture, BlockChoice } from './architecture.js';
import type { Activation, SearchSpace } from './search-space.js';

/**
 * The layers of one architecture in the order they run: what MAC counting, slicing, assembly and the training graphs
 * all walk, so that they cannot disagree. Shapes are those of the *sliced* weights.
 */
export type Layer = ConvolutionLayer | SqueezeExciteLayer | PoolLayer | LinearLayer;

/** What batch norm adds to the variance, everywhere. */
export const normEpsilon = 1e-5;

/** Convolution, batch norm, optional activation, optional residual, in this order. `[out, in / groups, k, k]`. */
export interface ConvolutionLayer {
  readonly kind: 'convolution';
  /** Names the weights: `${name}.weight`, `${name}.norm.scale`, `${name}.norm.shift`. */
  readonly name: string;
  readonly role: 'stem' | 'expand' | 'depthwise' | 'project' | 'head';
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly activation: Activation | 'none';
  /** Whether the input of the block (of its first layer) is added to this layer's output. */
  readonly residual: boolean;
  /** Which of the layer's batch-norm statistics apply: they are kept per block choice, never per whole network. */
  readonly statisticsKey: string;
}

/** Pool, reduce + ReLU, expand + hard sigmoid, scale the channels. Linear weights `[reduced, channels]` and back. */
export interface SqueezeExciteLayer {
  readonly kind: 'squeeze-excite';
  /** `${name}.reduce.weight|bias`, `${name}.expand.weight|bias`. */
  readonly name: string;
  readonly channels: number;
  readonly reduced: number;
  readonly size: number;
}

/** Global average pooling: `[batch, channels, size, size]` to `[batch, channels]`. */
export interface PoolLayer {
  readonly kind: 'pool';
  readonly channels: number;
  readonly size: number;
}

/** `${name}.weight` `[out, in]`, `${name}.bias` `[out]`. */
export interface LinearLayer {
  readonly kind: 'linear';
  readonly name: string;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
  readonly activation: Activation | 'none';
}

/** @param classes how many classes the classifier tells apart */
export function layersOf(space: SearchSpace, architecture: Architecture, classes: number): readonly Layer[] {
  const layers: Layer[] = [];
  let size = architecture.resolution;
  let channels = 3;
  const convolve = (layer: Omit<ConvolutionLayer, 'kind' | 'inputChannels' | 'inputSize' | 'outputSize'>) => {
    const outputSize = Math.ceil(size / layer.stride);
    layers.push({ kind: 'convolution', inputChannels: channels, inputSize: size, outputSize, ...layer });
    size = outputSize;
    channels = layer.outputChannels;
  };
  const pointwise = { kernel: 1, stride: 1, groups: 1 } as const;
  // Statistics depend on the resolution too; where it is fixed, saying so would only lengthen every key.
  const at = space.resolutions.length > 1 ? `@${architecture.resolution}` : '';

  const { stem, head } = space;
  convolve({
    name: 'stem',
    role: 'stem',
    outputChannels: stem.channels,
    kernel: 3,
    stride: stem.stride,
    groups: 1,
    activation: stem.activation,
    residual: false,
    statisticsKey: `any${at}`,
  });
  space.units.forEach((unit, u) => {
    const blocks = architecture.units[u] as readonly BlockChoice[];
    blocks.forEach(({ kernel, expandRatio }, b) => {
      const name = `units.${u}.blocks.${b}`;
      const statisticsKey = `k${kernel}e${expandRatio}${at}`;
      const stride = b === 0 ? unit.stride : 1;
      const inner = channels * expandRatio;
      const residual = stride === 1 && channels === unit.channels;
      const shared = { statisticsKey, residual: false, activation: unit.activation };
      if (expandRatio > 1) {
        convolve({ ...shared, ...pointwise, name: `${name}.expand`, role: 'expand', outputChannels: inner });
      }
      convolve({
        ...shared,
        name: `${name}.depthwise`,
        role: 'depthwise',
        outputChannels: inner,
        kernel,
        stride,
        groups: inner,
      });
      if (unit.squeezeExcite) {
        layers.push({
          kind: 'squeeze-excite',
          name: `${name}.squeeze-excite`,
          channels: inner,
          reduced: squeezedChannels(inner),
          size,
        });
      }
      convolve({
        ...shared,
        ...pointwise,
        name: `${name}.project`,
        role: 'project',
        outputChannels: unit.channels,
        activation: 'none',
        residual,
      });
    });
  });
  convolve({
    ...pointwise,
    name: 'head',
    role: 'head',
    outputChannels: head.channels,
    activation: head.activation,
    residual: false,
    statisticsKey: `d${architecture.units.at(-1)?.length}${at}`,
  });
  layers.push({ kind: 'pool', channels, size });
  let features = channels;
  if (head.hidden) {
    layers.push({
      kind: 'linear',
      name: 'hidden',
      inputFeatures: features,
      outputFeatures: head.hidden,
      activation: head.activation,
    });
    features = head.hidden;
  }
  layers.push({
    kind: 'linear',
    name: 'classifier',
    inputFeatures: features,
    outputFeatures: classes,
    activation: 'none',
  });
  return layers;
}

/** A quarter of the channels, rounded to a multiple of 8 and never below 90 % (MobileNetV3's make_divisible). */
export function squeezedChannels(channels: number): number {
  const wanted = channels / 4;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The learned arrays of a layer and their shapes, sliced to the architecture. */
export function parametersOf(layer: Layer): readonly Parameter[] {
  switch (layer.kind) {
    case 'convolution':
      return [
        {
          name: `${layer.name}.weight`,
          shape: [layer.outputChannels, layer.inputChannels / layer.groups, layer.kernel, layer.kernel],
        },
        { name: `${layer.name}.norm.scale`, shape: [layer.outputChannels] },
        { name: `${layer.name}.norm.shift`, shape: [layer.outputChannels] },
      ];
    case 'squeeze-excite':
      return [
        { name: `${layer.name}.reduce.weight`, shape: [layer.reduced, layer.channels] },
        { name: `${layer.name}.reduce.bias`, shape: [layer.reduced] },
        { name: `${layer.name}.expand.weight`, shape: [layer.channels, layer.reduced] },
        { name: `${layer.name}.expand.bias`, shape: [layer.channels] },
      ];
    case 'pool':
      return [];
    case 'linear':
      return [
        { name: `${layer.name}.weight`, shape: [layer.outputFeatures, layer.inputFeatures] },
        { name: `${layer.name}.bias`, shape: [layer.outputFeatures] },
      ];
    default:
      return layer satisfies never;
  }
}
