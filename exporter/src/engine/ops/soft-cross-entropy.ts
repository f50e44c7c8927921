import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

export interface SoftCrossEntropyAttributes {
  /**
   * What logits are divided by before the softmax; the loss is multiplied by its square, so that gradients keep their
   * size (Hinton et al. 2015). The targets are to be of the same temperature. Default 1.
   */
  readonly temperature?: number;
}

/**
 * Mean over the batch of the cross-entropy between target distributions and softmax(logits + mask). Inputs: logits and
 * targets `[batch, classes]`, mask `[1 or batch, classes]`: 0 for classes that take part, a large negative number for the others
 * (whose targets must be 0). Outputs: the loss `[]`. Only the logits carry a gradient.
 */
export const softCrossEntropy: Op<SoftCrossEntropyAttributes> = {
  name: 'softCrossEntropy',
  shapes([logits, targets, mask]) {
    const masks = [`1,${logits?.[1]}`, logits?.join()];
    if (logits?.length !== 2 || logits.join() !== targets?.join() || !masks.includes(mask?.join())) {
      throw new ShapeError('softCrossEntropy', [logits, targets, mask] as Shape[], 'two [b, n] and a [1 or b, n]');
    }
    return [[]];
  },
  emit(e, { inputs, shapes, attributes: { temperature = 1 } }) {
    const [logits, targets, mask] = inputs as [string, string, string];
    const softened = e.scale(e.add(logits, mask), 1 / temperature);
    const logProbabilities = e.node('LogSoftmax', [softened], { axis: 1 });
    const total = e.reduceSum(e.multiply(logProbabilities, targets), [0, 1]);
    return [e.scale(total, -(temperature ** 2) / (shapes[0]?.[0] as number))];
  },
  gradient(e, { inputs, shapes, gradient, attributes: { temperature = 1 } }) {
    const [logits, targets, mask] = inputs as [string, string, string];
    const softened = e.scale(e.add(logits, mask), 1 / temperature);
    const probabilities = e.node('Softmax', [softened], { axis: 1 });
    // Exact only where the targets of a row sum to one, which distributions do.
    const perLogit = e.scale(e.subtract(probabilities, targets), temperature / (shapes[0]?.[0] as number));
    return [e.multiply(perLogit, gradient), undefined, undefined];
  },
};
