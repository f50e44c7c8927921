import { float, ModelBuilder } from '@easel/sdk/onnx';
import { type Architecture, layersOf, normEpsilon, parametersOf } from '@easel/sdk/space';
import {
  convolutionAttributes,
  emitNetwork,
  imageInput,
  logitsOutput,
  momentsOf,
  type Supernet,
  sliceWeight,
} from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';

/** A subnet for all classes as a training framework exports it: batch norm as a node, every weight a constant. */
export function plainSubnet(
  { space, weights, statistics }: Supernet,
  architecture: Architecture,
  classCount: number,
): Uint8Array {
  const { resolution } = architecture;
  const model = new ModelBuilder('plain');
  const image = model.input(imageInput, [1, 3, resolution, resolution]);
  const parameter = (name: string, shape: readonly number[]) =>
    model.initializer(name, sliceWeight(weights.get(name) as Tensor, shape));
  const logits = emitNetwork(model, layersOf(space, architecture, classCount), image, {
    convolution(layer, input, output) {
      const [weight, scale, shift] = parametersOf(layer).map(({ name, shape }) => parameter(name, shape));
      const { mean, variance } = momentsOf(statistics, layer);
      const convolved = model.node('Conv', [input, weight as string], convolutionAttributes(layer));
      const norm = [
        scale as string,
        shift as string,
        model.initializer(`${layer.name}.norm.mean`, mean),
        model.initializer(`${layer.name}.norm.variance`, variance),
      ];
      return model.named(output, 'BatchNormalization', [convolved, ...norm], { epsilon: float(normEpsilon) });
    },
    parameter,
  });
  model.output(logits, [1, classCount], logitsOutput);
  return model.encode();
}
