import { Random } from '../random/index.js';
import { largestArchitecture, layersOf, parametersOf, type SearchSpace } from '../space/index.js';
import { normalizationsOf, type Supernet } from '../subnet/index.js';
import { elementCount, type Tensor, tensor } from '../tensor/index.js';

/**
 * A supernet to measure with: latency does not depend on what the weights are, as long as activations keep their size
 * from layer to layer and none becomes denormal.
 */
export function randomSupernet(space: SearchSpace, classes: number, random = new Random(1)): Supernet {
  const draw = (shape: readonly number[], next: () => number) =>
    tensor(shape, Float32Array.from({ length: elementCount(shape) }, next));
  const weights = new Map(
    layersOf(space, largestArchitecture(space), classes)
      .flatMap(parametersOf)
      .map(({ name, shape }) => {
        const deviation = shape.length === 1 ? 0.1 : Math.sqrt(2 / elementCount(shape.slice(1)));
        return [name, draw(shape, name.endsWith('.scale') ? () => 1 : () => deviation * random.normal())];
      }),
  );
  const statistics = new Map<string, Map<string, { mean: Tensor; variance: Tensor }>>();
  for (const { layer, key, channels } of normalizationsOf(space)) {
    const ofLayer = statistics.get(layer) ?? new Map<string, { mean: Tensor; variance: Tensor }>();
    statistics.set(layer, ofLayer);
    ofLayer.set(key, { mean: draw([channels], () => 0), variance: draw([channels], () => 1) });
  }
  return { space, weights, statistics };
}
