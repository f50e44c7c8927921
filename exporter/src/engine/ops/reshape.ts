import { elementCount } from '@easel/sdk/tensor';
import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

export const reshape: Op<{ readonly shape: Shape }> = {
  name: 'reshape',
  shapes([x], { shape }) {
    if (elementCount(x as Shape) !== elementCount(shape)) {
      throw new ShapeError('reshape', [x as Shape, shape], 'equally many elements');
    }
    return [shape];
  },
  emit: (e, { inputs, attributes }) => [e.reshape(inputs[0] as string, attributes.shape)],
  gradient: (e, { shapes, gradient }) => [e.reshape(gradient, shapes[0] as Shape)],
};
