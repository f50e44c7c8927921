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
    const [batch, channels] = shape as [number, number];
    const dot = () => e.reduceSum(e.multiply(gradient, x as string), [2, 3]);
    const sum = () => e.reduceSum(gradient, [2, 3]);
    return [
      needed[0] ? e.multiply(gradient, e.reshape(scale as string, [batch, channels, 1, 1])) : undefined,
      needed[1] ? dot() : undefined,
      needed[2] ? sum() : undefined,
    ];
  },
};
