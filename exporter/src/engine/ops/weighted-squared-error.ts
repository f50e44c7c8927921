import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** Mean over rows of the sum of `weight * (prediction - target)²`; all `[rows, n]`. Only predictions carry a gradient. */
export const weightedSquaredError: Op<Record<string, never>> = {
  name: 'weightedSquaredError',
  shapes(inputs) {
    const [prediction] = inputs as [Shape, Shape, Shape];
    if (prediction.length !== 2 || inputs.some((shape) => shape.join() !== prediction.join())) {
      throw new ShapeError('weightedSquaredError', inputs, 'three equal matrices');
    }
    return [[]];
  },
  emit(e, { inputs: [prediction, target, weight], shapes }) {
    const error = e.subtract(prediction as string, target as string);
    const total = e.reduceSum(e.multiply(weight as string, e.square(error)), [0, 1]);
    return [e.scale(total, 1 / (shapes[0]?.[0] as number))];
  },
  gradient(e, { inputs: [prediction, target, weight], shapes, gradient }) {
    const error = e.subtract(prediction as string, target as string);
    const each = e.scale(e.multiply(weight as string, error), 2 / (shapes[0]?.[0] as number));
    return [e.multiply(each, gradient), undefined, undefined];
  },
};
