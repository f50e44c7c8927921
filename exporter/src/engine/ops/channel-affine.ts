import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/**
 * `x * scale + shift` with a scale and a shift of their own for every image and channel: x `[batch, channels, h, w]`,
 * scale and shift `[batch, channels]`.
 */
export const channelAffine: Op<Record<string, never>> = {
  name: 'channelAffine',
  shapes([x, scale, shift]) {
    const expected = x?.slice(0, 2).join();
    if (x?.length !== 4 || scale?.join() !== expected || shift?.join() !== expected) {
      throw new ShapeError('channelAffine', [x, scale, shift] as Shape[], '[b, c, h, w] and two [b, c]');
    }
    return [x];
  },
  emit(e, { inputs: [x, scale, shift], shapes: [shape] }) {
    const perMap = [shape?.[0] as number, shape?.[1] as number, 1, 1];
    const scaled = e.multiply(x as string, e.reshape(scale as string, perMap));
    return [e.add(scaled, e.reshape(shift as string, perMap))];
  },
  gradient(e, { inputs: [x, scale], shapes: [shape], gradient, needed }) {
    const [batch, channels, height, width] = shape as [number, number, number, number];
    const positions = height * width;
    const dot = () => {
      const rows = e.reshape(gradient, [batch * channels, 1, positions]);
      const columns = e.reshape(x as string, [batch * channels, positions, 1]);
      return e.reshape(e.matmul(rows, columns), [batch, channels]);
    };
    const sum = () => e.scale(e.reshape(e.node('GlobalAveragePool', [gradient]), [batch, channels]), positions);
    return [
      needed[0] ? e.multiply(gradient, e.reshape(scale as string, [batch, channels, 1, 1])) : undefined,
      needed[1] ? dot() : undefined,
      needed[2] ? sum() : undefined,
    ];
  },
};
