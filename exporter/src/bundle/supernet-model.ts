import { WeightError } from '@easel/sdk/errors';
import { float, ModelBuilder } from '@easel/sdk/onnx';
import { formatArchitecture, largestArchitecture, layersOf, normEpsilon, parametersOf } from '@easel/sdk/space';
import {
  checkedMoments,
  convolutionAttributes,
  emitNetwork,
  imageInput,
  logitsOutput,
  type Supernet,
} from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';

/** The largest number that float16 holds. */
const largestFloat16 = 65504;

/**
 * The largest subnet as an ONNX model that any tool opens and runs, and that holds every weight of the supernet:
 * convolution weights and matrices as float16 initializers with a Cast, vectors as float32, batch norm unfolded, all
 * under the names of `parametersOf`. Input `image` [batch, 3, resolution, resolution], output `logits`.
 *
 * @throws WeightError if a weight is missing, has another shape, is not finite or too large for float16
 */
export function supernetModel({ space, weights, statistics }: Supernet, classCount: number): Uint8Array {
  const architecture = largestArchitecture(space);
  const { resolution } = architecture;
  const model = new ModelBuilder(`${space.name} supernet`);
  model.metadata['easel.space'] = space.name;
  model.metadata['easel.architecture'] = formatArchitecture(architecture);
  const image = model.input(imageInput, ['batch', 3, resolution, resolution]);
  const parameter = (name: string, shape: readonly number[]): string => {
    const weight = checked(name, weights.get(name), shape);
    if (shape.length === 1) return model.initializer(name, weight);
    return model.named(`${name}.float32`, 'Cast', [model.float16Initializer(name, weight)], { to: 1 });
  };
  const logits = emitNetwork(model, layersOf(space, architecture, classCount), image, {
    convolution(layer, input, output) {
      const [weight, scale, shift] = parametersOf(layer).map(({ name, shape }) => parameter(name, shape));
      const { mean, variance } = checkedMoments(statistics, layer);
      const convolved = model.named(
        `${layer.name}.convolved`,
        'Conv',
        [input, weight as string],
        convolutionAttributes(layer),
      );
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
  model.output(logits, ['batch', classCount], logitsOutput);
  return model.encode();
}

function checked(name: string, weight: Tensor | undefined, shape: readonly number[]): Tensor {
  if (!weight) throw new WeightError(name, 'missing among the weights of the supernet');
  if (weight.shape.join() !== shape.join()) {
    throw new WeightError(name, `shape [${weight.shape.join(', ')}], expected [${shape.join(', ')}]`);
  }
  for (const value of weight.data) {
    if (!(Math.abs(value) <= largestFloat16)) {
      throw new WeightError(name, `holds ${value}, which float16 cannot; has training diverged?`);
    }
  }
  return weight;
}
