import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** `[batch, channels, h, w]` to `[batch, channels]`. */
export const globalAveragePool: Op<Record<string, never>> = {
  name: 'globalAveragePool',
  shapes([x]) {
    if (x?.length !== 4) throw new ShapeError('globalAveragePool', [x as Shape], '[batch, channels, h, w]');
    return [[x[0] as number, x[1] as number]];
  },
  emit: (e, { inputs, outputShapes }) => [
    e.reshape(e.node('GlobalAveragePool', [inputs[0] as string]), outputShapes[0] as Shape),
  ],
  gradient(e, { shapes, gradient }) {
    const [batch, channels, height, width] = shapes[0] as [number, number, number, number];
    const each = e.reshape(e.scale(gradient, 1 / (height * width)), [batch, channels, 1, 1]);
    return [e.node('Expand', [each, e.integers([batch, channels, height, width])])];
  },
};
