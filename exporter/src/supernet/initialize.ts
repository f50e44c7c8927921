import type { Random } from '@easel/sdk/random';
import { largestArchitecture, layersOf, type SearchSpace } from '@easel/sdk/space';
import { elementCount, type Tensor, tensor } from '@easel/sdk/tensor';
import { supernetShapes } from './network.js';

/**
 * Fresh weights: He et al. 2015 (normal, by fan-in) for convolutions and hidden layers, batch norm as the identity, but
 * the last one of a residual block scaled by zero, so that every such block starts as the identity (Goyal et al. 2017).
 */
export function initializeWeights(space: SearchSpace, classes: number, random: Random): Map<string, Tensor> {
  const residual = new Set(
    layersOf(space, largestArchitecture(space), classes).flatMap((layer) =>
      layer.kind === 'convolution' && layer.residual ? [`${layer.name}.norm.scale`] : [],
    ),
  );
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of supernetShapes(space, classes)) {
    const data = new Float32Array(elementCount(shape));
    if (name.endsWith('.norm.scale')) data.fill(residual.has(name) ? 0 : 1);
    else if (name === 'classifier.weight') fillNormal(data, 0.01, random);
    else if (name.endsWith('.weight')) fillNormal(data, Math.sqrt(2 / elementCount(shape.slice(1))), random);
    weights.set(name, tensor(shape, data));
  }
  return weights;
}

function fillNormal(data: Float32Array, deviation: number, random: Random): void {
  for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
}
