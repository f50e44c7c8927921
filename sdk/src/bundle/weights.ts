import { BundleError, OnnxError } from '../errors/index.js';
import { decodeModel, fromFloat16, type OnnxModel, type OnnxTensor } from '../onnx/index.js';
import { largestArchitecture, layersOf, parametersOf, type SearchSpace } from '../space/index.js';
import type { Weights } from '../subnet/index.js';
import { type Tensor, tensor } from '../tensor/index.js';

/**
 * The supernet's weights out of supernet.onnx: its initializers by name, as float32.
 * @throws BundleError if one is missing or has another shape or type than the search space asks for
 */
export function decodeWeights(file: string, bytes: Uint8Array, space: SearchSpace, classes: number): Weights {
  const initializers = new Map(
    decodeBundleModel(file, bytes).graph.initializers.map((initializer) => [initializer.name, initializer]),
  );
  const parameters = layersOf(space, largestArchitecture(space), classes).flatMap(parametersOf);
  return new Map(
    parameters.map(({ name, shape }) => {
      const found = initializers.get(name);
      if (!found) throw new BundleError(file, `has no weight ${name}`);
      if (found.shape.join() !== shape.join()) {
        const expected = `[${shape.join(', ')}] in space ${space.name} with ${classes} classes`;
        throw new BundleError(file, `weight ${name} is [${found.shape.join(', ')}], expected ${expected}`);
      }
      return [name, float32(file, found)];
    }),
  );
}

/** @throws BundleError where `decodeModel` throws OnnxError. */
export function decodeBundleModel(file: string, bytes: Uint8Array): OnnxModel {
  try {
    return decodeModel(bytes);
  } catch (cause) {
    if (cause instanceof OnnxError) throw new BundleError(file, cause.message, { cause });
    throw cause;
  }
}

function float32(file: string, { name, shape, dataType, bytes }: OnnxTensor): Tensor {
  // A copy is aligned, and does not keep the whole file in memory.
  const { buffer } = new Uint8Array(bytes);
  switch (dataType) {
    case 'float32':
      return tensor(shape, new Float32Array(buffer));
    case 'float16':
      return tensor(shape, fromFloat16(new Uint16Array(buffer)));
    default:
      throw new BundleError(file, `weight ${name} is ${dataType}, expected float16 or float32`);
  }
}
