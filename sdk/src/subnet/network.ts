import { float, type GraphBuilder } from '../onnx/index.js';
import type { ConvolutionLayer, Layer, LinearLayer, SqueezeExciteLayer } from '../space/index.js';

/** Where parameters come from: what differs between a subnet with baked weights and the supernet's file. */
export interface ParameterSource {
  /** Adds a convolution and its batch norm, in whatever form, to the model and returns the value they end in. */
  convolution(layer: ConvolutionLayer, input: string, output: string): string;
  /** Adds a linear layer's parameter, as `parametersOf` names it, and returns its value. */
  parameter(name: string, shape: readonly number[]): string;
}

/**
 * Adds the layers to the model, image in, logits out. The value that a layer ends in bears the layer's name.
 * @returns the logits' name
 */
export function emitNetwork(
  model: GraphBuilder,
  layers: readonly Layer[],
  image: string,
  parameters: ParameterSource,
): string {
  let x = image;
  let blockInput = image;
  for (const layer of layers) {
    switch (layer.kind) {
      case 'convolution':
        x = emitConvolution(model, layer, x, blockInput, parameters);
        if (layer.role === 'stem' || layer.role === 'project') blockInput = x;
        break;
      case 'squeeze-excite':
        x = emitSqueezeExcite(model, layer, x, parameters);
        break;
      case 'pool':
        x = model.named('features', 'Flatten', [model.named('pool', 'GlobalAveragePool', [x])], { axis: 1 });
        break;
      case 'linear':
        x = emitLinear(model, layer, x, parameters);
        break;
      default:
        layer satisfies never;
    }
  }
  return x;
}

/**
 * Zeros around the image by half the kernel on every side, as in training. Every attribute is spelled out: the WebGPU
 * kernel of onnxruntime-web rejects a Conv without `dilations`.
 */
export function convolutionAttributes({
  kernel,
  stride,
  groups,
}: Pick<ConvolutionLayer, 'kernel' | 'stride' | 'groups'>) {
  const pad = kernel >> 1;
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    group: groups,
  };
}

function emitConvolution(
  model: GraphBuilder,
  layer: ConvolutionLayer,
  x: string,
  blockInput: string,
  parameters: ParameterSource,
): string {
  const { name, activation, residual } = layer;
  const activated = residual ? `${name}.activated` : name;
  const normalized = activation === 'none' ? activated : `${name}.normalized`;
  let y = parameters.convolution(layer, x, normalized);
  y = emitActivation(model, activation, y, activated);
  return residual ? model.named(name, 'Add', [blockInput, y]) : y;
}

function emitActivation(
  model: GraphBuilder,
  activation: ConvolutionLayer['activation'],
  x: string,
  output: string,
): string {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return model.named(output, 'Relu', [x]);
    case 'hswish':
      return model.named(output, 'HardSwish', [x]);
    default:
      return activation satisfies never;
  }
}

/** The two linear layers as 1x1 convolutions, so that no reshaping is needed on the way. */
function emitSqueezeExcite(
  model: GraphBuilder,
  { name, channels, reduced }: SqueezeExciteLayer,
  x: string,
  parameters: ParameterSource,
): string {
  const pointwise = convolutionAttributes({ kernel: 1, stride: 1, groups: 1 });
  const linear = (part: 'reduce' | 'expand', shape: [number, number], input: string) => {
    const weight = parameters.parameter(`${name}.${part}.weight`, shape);
    const bias = parameters.parameter(`${name}.${part}.bias`, [shape[0]]);
    const kernelShape = model.vector(`${name}.${part}.shape`, [...shape, 1, 1]);
    const kernels = model.named(`${name}.${part}.kernels`, 'Reshape', [weight, kernelShape]);
    return model.named(`${name}.${part}`, 'Conv', [input, kernels, bias], pointwise);
  };
  let gate = model.named(`${name}.pool`, 'GlobalAveragePool', [x]);
  gate = model.named(`${name}.reduced`, 'Relu', [linear('reduce', [reduced, channels], gate)]);
  gate = linear('expand', [channels, reduced], gate);
  gate = model.named(`${name}.gate`, 'HardSigmoid', [gate], { alpha: float(1 / 6), beta: float(0.5) });
  return model.named(name, 'Mul', [x, gate]);
}

function emitLinear(
  model: GraphBuilder,
  { name, inputFeatures, outputFeatures, activation }: LinearLayer,
  x: string,
  parameters: ParameterSource,
): string {
  const weight = parameters.parameter(`${name}.weight`, [outputFeatures, inputFeatures]);
  const bias = parameters.parameter(`${name}.bias`, [outputFeatures]);
  const output = activation === 'none' ? name : `${name}.sum`;
  const y = model.named(output, 'Gemm', [x, weight, bias], { transB: 1 });
  return emitActivation(model, activation, y, name);
}
