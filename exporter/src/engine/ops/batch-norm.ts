import { normEpsilon } from '@easel/sdk/space';
import type { Emitter } from '../emitter.js';
import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

function checkChannels(name: string, [x, ...vectors]: readonly Shape[]): void {
  for (const vector of vectors) {
    if (x?.length !== 4 || vector.length !== 1 || vector[0] !== x[1]) {
      throw new ShapeError(name, [x as Shape, vector], '[batch, channels, h, w] and [channels]');
    }
  }
}

/**
 * Sum over everything but the channels of `a * b`: product and sum are two passes over memory, and yet several times faster
 * than a batched matrix product with one row and one column.
 */
export function channelDot(e: Emitter, a: string, b: string): string {
  return e.reduceSum(e.reduceSum(e.multiply(a, b), [2, 3]), [0]);
}

export function channelMean(e: Emitter, a: string, shape: Shape): string {
  return e.reduceMean(e.reshape(e.node('GlobalAveragePool', [a]), [shape[0] as number, shape[1] as number]), [0]);
}

/**
 * Batch norm with the statistics of the batch: inputs x `[batch, channels, h, w]`, scale and shift `[channels]`; outputs
 * y, and the mean and (biased) variance of x, which do not carry gradients themselves.
 * Ioffe & Szegedy 2015; the gradient written as `a dy + b x + c` with per-channel a, b, c.
 */
export const batchNorm: Op<Record<string, never>> = {
  name: 'batchNorm',

  shapes(inputs) {
    checkChannels('batchNorm', inputs);
    const [x, scale] = inputs as [Shape, Shape];
    return [x, scale, scale];
  },

  emit(e, { inputs, shapes }) {
    const [x, scale, shift] = inputs as [string, string, string];
    const shape = shapes[0] as Shape;
    const mean = channelMean(e, x, shape);
    const meanSquare = e.scale(channelDot(e, x, x), 1 / samples(shape));
    // Rounding may leave a hair below zero where a channel is constant.
    const variance = e.node('Relu', [e.subtract(meanSquare, e.square(mean))]);
    const a = e.multiply(scale, e.inverseRoot(variance, normEpsilon));
    const b = e.subtract(shift, e.multiply(mean, a));
    return [e.channelAffine(x, a, b, shape[1] as number), mean, variance];
  },

  gradient(e, { inputs, outputs, shapes, gradient, needed }) {
    const [x, scale] = inputs as [string, string, string];
    const [, mean, variance] = outputs as [string, string, string];
    const shape = shapes[0] as Shape;
    const inverse = e.inverseRoot(variance, normEpsilon);
    const meanGradient = channelMean(e, gradient, shape);
    const shiftGradient = e.scale(meanGradient, samples(shape));
    const dot = channelDot(e, gradient, x);
    const scaleGradient = e.multiply(inverse, e.subtract(dot, e.multiply(mean, shiftGradient)));
    if (!needed[0]) return [undefined, scaleGradient, shiftGradient];
    const a = e.multiply(scale, inverse);
    const b = e.scale(e.multiply(e.multiply(a, inverse), scaleGradient), -1 / samples(shape));
    const c = e.negate(e.add(e.multiply(a, meanGradient), e.multiply(b, mean)));
    const ofGradient = e.multiply(gradient, e.reshape(a, [-1, 1, 1]));
    return [e.add(ofGradient, e.channelAffine(x, b, c, shape[1] as number)), scaleGradient, shiftGradient];
  },
};

function samples([batch, , height, width]: Shape): number {
  return (batch as number) * (height as number) * (width as number);
}

/**
 * Batch norm with given statistics: inputs x, scale, shift, mean, variance. The statistics are constants, so that this
 * is a scale and a shift per channel.
 */
export const frozenNorm: Op<Record<string, never>> = {
  name: 'frozenNorm',

  shapes(inputs) {
    checkChannels('frozenNorm', inputs);
    return [inputs[0] as Shape];
  },

  emit(e, { inputs, shapes }) {
    const [x, scale, shift, mean, variance] = inputs as [string, string, string, string, string];
    const a = e.multiply(scale, e.inverseRoot(variance, normEpsilon));
    const b = e.subtract(shift, e.multiply(mean, a));
    return [e.channelAffine(x, a, b, shapes[0]?.[1] as number)];
  },

  gradient(e, { inputs, shapes, gradient, needed }) {
    const [x, scale, , mean, variance] = inputs as [string, string, string, string, string];
    const shape = shapes[0] as Shape;
    const inverse = e.inverseRoot(variance, normEpsilon);
    const wanted = needed[1] || needed[2];
    const shiftGradient = wanted ? e.scale(channelMean(e, gradient, shape), samples(shape)) : '';
    const scaleGradient = () => {
      const dot = channelDot(e, gradient, x);
      return e.multiply(inverse, e.subtract(dot, e.multiply(mean, shiftGradient)));
    };
    return [
      needed[0] ? e.multiply(gradient, e.reshape(e.multiply(scale, inverse), [-1, 1, 1])) : undefined,
      needed[1] ? scaleGradient() : undefined,
      needed[2] ? shiftGradient : undefined,
      undefined,
      undefined,
    ];
  },
};
