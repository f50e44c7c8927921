import type { Emitter } from '../emitter.js';
import { ShapeError } from '../errors.js';
import type { Call, GradientCall, Op, Shape } from '../graph.js';
import {
  fitsToeplitz,
  fitsToeplitzInputGradient,
  fitsToeplitzWeightGradient,
  toeplitzConvolution,
  toeplitzInputGradient,
  toeplitzWeightGradient,
} from './toeplitz.js';

export interface Convolution {
  readonly stride: number;
  /** 1 (dense) or the number of channels (depthwise). */
  readonly groups: number;
}

/**
 * 2-D convolution without bias, zero-padded by half the (odd) kernel: inputs `[batch, in, h, w]` and
 * `[out, in / groups, k, k]`, output `[batch, out, ceil(h / stride), ceil(w / stride)]`.
 */
export const convolution: Op<Convolution> = {
  name: 'convolution',

  shapes([x, w], { stride, groups }) {
    const [batch, channels, height, width] = x as [number, number, number, number];
    const [out, perGroup, kernel, kernelWidth] = w as [number, number, number, number];
    if (x?.length !== 4 || w?.length !== 4 || perGroup * groups !== channels || kernel !== kernelWidth) {
      const expected = `[batch, in, h, w] and [out, in / ${groups}, k, k]`;
      throw new ShapeError('convolution', [x as Shape, w as Shape], expected);
    }
    if (kernel % 2 === 0 || (groups !== 1 && (groups !== channels || out !== channels))) {
      throw new ShapeError('convolution', [x as Shape, w as Shape], 'an odd kernel, dense or depthwise');
    }
    return [[batch, out, Math.ceil(height / stride), Math.ceil(width / stride)]];
  },

  emit(e, call) {
    const shape = extents(call);
    const { out, channels, kernel, stride, groups, batch, height, width } = shape;
    const [x, w] = call.inputs as [string, string];
    if (groups > 1 && fitsToeplitz(shape)) return [toeplitzConvolution(e, x, w, shape)];
    if (kernel === 1 && stride === 1 && groups === 1) {
      const product = e.matmul(e.reshape(w, [out, channels]), e.reshape(x, [batch, channels, height * width]));
      return [e.reshape(product, [batch, out, height, width])];
    }
    const pad = kernel >> 1;
    return [
      e.convolution([x, w], {
        kernel: [kernel, kernel],
        pads: [pad, pad, pad, pad],
        group: groups,
        strides: [stride, stride],
      }),
    ];
  },

  gradient(e, call) {
    const shape = extents(call);
    const { kernel, stride, groups } = shape;
    const [needX, needW] = call.needed;
    if (kernel === 1 && stride === 1 && groups === 1) return pointwiseGradient(e, call);
    const [x, w] = call.inputs as [string, string];
    const dx = () =>
      groups > 1 && fitsToeplitzInputGradient(shape)
        ? toeplitzInputGradient(e, call.gradient, w, shape)
        : inputGradient(e, call);
    const dw = () => {
      if (groups === 1) return denseWeightGradient(e, call);
      return fitsToeplitzWeightGradient(shape)
        ? toeplitzWeightGradient(e, x, call.gradient, shape)
        : depthwiseWeightGradient(e, call);
    };
    return [needX ? dx() : undefined, needW ? dw() : undefined];
  },
};

function extents({ shapes, outputShapes, attributes }: Call<Convolution>) {
  const [batch, channels, height, width] = shapes[0] as [number, number, number, number];
  const [out, , kernel] = shapes[1] as [number, number, number];
  const [, , outHeight, outWidth] = outputShapes[0] as [number, number, number, number];
  return { batch, channels, height, width, out, kernel, outHeight, outWidth, ...attributes };
}

function pointwiseGradient(e: Emitter, call: GradientCall<Convolution>) {
  const { batch, channels, height, width, out } = extents(call);
  const [x, w] = call.inputs as [string, string];
  const [needX, needW] = call.needed;
  const gradient = e.reshape(call.gradient, [batch, out, height * width]);
  const dx = () => {
    const product = e.matmul(e.reshape(w, [out, channels]), gradient, { transposeA: true });
    return e.reshape(product, [batch, channels, height, width]);
  };
  const dw = () => {
    const flat = e.reshape(x, [batch, channels, height * width]);
    const perImage = e.matmul(gradient, flat, { transposeB: true });
    return e.reshape(e.reduceSum(perImage, [0]), [out, channels, 1, 1]);
  };
  return [needX ? dx() : undefined, needW ? dw() : undefined];
}

function inputGradient(e: Emitter, call: GradientCall<Convolution>): string {
  const { height, width, channels, kernel, stride, groups, outHeight, outWidth } = extents(call);
  const pad = kernel >> 1;
  // Depthwise of stride 1: the convolution with the kernel turned by 180 degrees, for which there are better kernels.
  if (groups > 1 && stride === 1) {
    const taps = Array.from({ length: kernel * kernel }, (_, tap) => kernel * kernel - 1 - tap);
    const turned = e.gather(e.reshape(call.inputs[1] as string, [channels, kernel * kernel]), taps, 1);
    return e.convolution([call.gradient, e.reshape(turned, [channels, 1, kernel, kernel])], {
      kernel: [kernel, kernel],
      pads: [pad, pad, pad, pad],
      group: channels,
    });
  }
  const missing = (extent: number, out: number) => extent - ((out - 1) * stride + kernel - 2 * pad);
  return e.node('ConvTranspose', [call.gradient, call.inputs[1] as string], {
    kernel_shape: [kernel, kernel],
    pads: [pad, pad, pad, pad],
    strides: [stride, stride],
    dilations: [1, 1],
    group: groups,
    output_padding: [missing(height, outHeight), missing(width, outWidth)],
  });
}

/** Padding (negative: cropping) so that correlating with the (dilated) output gradient yields exactly k x k. */
function correlationPads({ kernel, stride, height, width, outHeight, outWidth }: ReturnType<typeof extents>) {
  const pad = kernel >> 1;
  const far = (extent: number, out: number) => kernel - 1 + (out - 1) * stride + 1 - extent - pad;
  return [pad, pad, far(height, outHeight), far(width, outWidth)] as const;
}

/** Every (image, channel) is a group of its own: its output gradient is the kernel, dilated by the stride. */
function depthwiseWeightGradient(e: Emitter, call: GradientCall<Convolution>): string {
  const shape = extents(call);
  const { batch, channels, height, width, kernel, stride, outHeight, outWidth } = shape;
  const [top, left, bottom, right] = correlationPads(shape);
  // A 1x1 kernel with a stride does not see the last row of an even map, and Conv cannot crop.
  const unseen = [Math.min(0, bottom), Math.min(0, right)] as const;
  const seen = e.pad(call.inputs[0] as string, [0, 0, 0, 0, 0, 0, ...unseen]);
  const perImage = e.convolution(
    [
      e.reshape(seen, [1, batch * channels, height + unseen[0], width + unseen[1]]),
      e.reshape(call.gradient, [batch * channels, 1, outHeight, outWidth]),
    ],
    {
      kernel: [outHeight, outWidth],
      pads: [top, left, Math.max(0, bottom), Math.max(0, right)],
      group: batch * channels,
      dilations: [stride, stride],
    },
  );
  return e.reduceSum(e.reshape(perImage, [batch, channels, 1, kernel, kernel]), [0]);
}

/** im2col: one strided view of the padded input per kernel tap, then a matrix product per image. */
function denseWeightGradient(e: Emitter, call: GradientCall<Convolution>): string {
  const shape = extents(call);
  const { batch, channels, kernel, stride, out, outHeight, outWidth } = shape;
  const pads = correlationPads(shape).map((amount) => Math.max(0, amount)) as [number, number, number, number];
  const padded = e.pad(call.inputs[0] as string, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const taps: string[] = [];
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      const ends = [row + (outHeight - 1) * stride + 1, column + (outWidth - 1) * stride + 1];
      taps.push(e.slice(padded, [row, column], ends, [2, 3], [stride, stride]));
    }
  }
  const columns = e.reshape(e.concat(taps, 1), [batch, kernel * kernel * channels, outHeight * outWidth]);
  const gradient = e.reshape(call.gradient, [batch, out, outHeight * outWidth]);
  const flat = e.reduceSum(e.matmul(gradient, columns, { transposeB: true }), [0]);
  return e.transpose(e.reshape(flat, [out, kernel, kernel, channels]), [0, 3, 1, 2]);
}
