import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** Elementwise sum of two values of the same shape: the residual connection. */
export const add: Op<Record<string, never>> = {
  name: 'add',
  shapes([a, b]) {
    if (a?.join() !== b?.join()) throw new ShapeError('add', [a as Shape, b as Shape]);
    return [a as Shape];
  },
  emit: (e, { inputs }) => [e.add(inputs[0] as string, inputs[1] as string)],
  gradient: (_e, { gradient }) => [gradient, gradient],
};
