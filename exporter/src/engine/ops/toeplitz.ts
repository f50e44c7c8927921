import type { Emitter } from '../emitter.js';

/** A depthwise convolution, padded by half its kernel. */
export interface DepthwiseExtents {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Beyond, the matrices hold so many zeros that the convolution itself is faster. */
const mostPositions = 64;

/** Whether a map is so small that its convolution is best done as a matrix product. */
export function fitsToeplitz({ height, width, kernel }: DepthwiseExtents): boolean {
  return height * width <= mostPositions && kernel > 1;
}

/**
 * Depthwise convolution of small maps as one matrix product per channel: the images' maps `[batch, positions]` times the
 * channel's Toeplitz matrix `[positions, output positions]`, which repeats the kernel's taps along its diagonals.
 * ONNX Runtime's matrix products outrun its depthwise convolutions by more than the zeros cost, forward and backward.
 */
export function toeplitzConvolution(e: Emitter, x: string, weight: string, extents: DepthwiseExtents): string {
  const { outHeight, outWidth } = extents;
  return fromChannels(e, e.matmul(byChannel(e, x, extents), toeplitz(e, weight, extents)), {
    ...extents,
    height: outHeight,
    width: outWidth,
  });
}

export function toeplitzInputGradient(e: Emitter, gradient: string, weight: string, extents: DepthwiseExtents): string {
  const rows = byChannel(e, gradient, outputOf(extents));
  return fromChannels(e, e.matmul(rows, toeplitz(e, weight, extents), { transposeB: true }), extents);
}

export function toeplitzWeightGradient(e: Emitter, x: string, gradient: string, extents: DepthwiseExtents): string {
  const { channels, kernel } = extents;
  const rows = byChannel(e, gradient, outputOf(extents));
  const matrix = e.matmul(byChannel(e, x, extents), rows, { transposeA: true });
  const flat = e.reshape(matrix, [channels, entries(extents)]);
  return e.reshape(e.matmul(flat, diagonals(e, extents), { transposeB: true }), [channels, 1, kernel, kernel]);
}

type Maps = Pick<DepthwiseExtents, 'batch' | 'channels' | 'height' | 'width'>;

const outputOf = ({ batch, channels, outHeight, outWidth }: DepthwiseExtents): Maps => ({
  batch,
  channels,
  height: outHeight,
  width: outWidth,
});

/** `[batch, channels, h, w]` to `[channels, batch, h * w]` */
function byChannel(e: Emitter, x: string, { batch, channels, height, width }: Maps): string {
  return e.transpose(e.reshape(x, [batch, channels, height * width]), [1, 0, 2]);
}

function fromChannels(e: Emitter, rows: string, { batch, channels, height, width }: Maps): string {
  return e.reshape(e.transpose(rows, [1, 0, 2]), [batch, channels, height, width]);
}

function entries({ height, width, outHeight, outWidth }: DepthwiseExtents): number {
  return height * width * outHeight * outWidth;
}

/** `[channels, positions, output positions]` */
function toeplitz(e: Emitter, weight: string, extents: DepthwiseExtents): string {
  const { channels, kernel, height, width, outHeight, outWidth } = extents;
  const flat = e.matmul(e.reshape(weight, [channels, kernel * kernel]), diagonals(e, extents));
  return e.reshape(flat, [channels, height * width, outHeight * outWidth]);
}

/** `[taps, positions * output positions]`: 1 where the tap leads from the position to the output position. */
function diagonals(e: Emitter, extents: DepthwiseExtents): string {
  const { kernel, stride, height, width, outHeight, outWidth } = extents;
  const key = `diagonals ${[kernel, stride, height, width]}`;
  return e.table(key, [kernel * kernel, entries(extents)], () => {
    const ones = new Float32Array(kernel * kernel * entries(extents));
    const pad = kernel >> 1;
    for (let tap = 0; tap < kernel * kernel; tap++) {
      const [down, across] = [Math.floor(tap / kernel) - pad, (tap % kernel) - pad];
      for (let to = 0; to < outHeight * outWidth; to++) {
        const row = Math.floor(to / outWidth) * stride + down;
        const column = (to % outWidth) * stride + across;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        ones[(tap * height * width + row * width + column) * outHeight * outWidth + to] = 1;
      }
    }
    return ones;
  });
}
