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

/** Maps of no more positions are one band. */
const smallMap = 64;
/** In wider maps the matrices hold so many zeros that the convolution itself is faster. */
const widest = 16;

/** A map's output cut into bands of rows, each of which sees a window of the input's rows. */
interface Bands {
  readonly count: number;
  /** Output rows per band. */
  readonly rows: number;
  /** Input rows that a band sees. */
  readonly window: number;
  /** The input row that the first window starts at: 0, or in the padding. */
  readonly first: number;
}

function bandsOf({ height, width, kernel, stride, outHeight }: DepthwiseExtents): Bands | undefined {
  if (kernel === 1) return undefined;
  if (height * width <= smallMap) return { count: 1, rows: outHeight, window: height, first: 0 };
  if (width > widest) return undefined;
  // A window is two steps long, so that all windows are the steps' rows, each but the ends twice.
  const rows = Math.ceil((kernel - stride) / stride);
  return { count: Math.ceil(outHeight / rows), rows, window: 2 * rows * stride, first: -(kernel >> 1) };
}

/** Whether a matrix product is the better convolution: on small maps, and for kernels that ONNX Runtime has no code for. */
export function fitsToeplitz(extents: DepthwiseExtents): boolean {
  const bands = bandsOf(extents);
  return bands !== undefined && (bands.count === 1 || extents.kernel > 3);
}

export function fitsToeplitzInputGradient(extents: DepthwiseExtents): boolean {
  return fitsToeplitz(extents) && (bandsOf(extents)?.count === 1 || extents.stride === 1);
}

export function fitsToeplitzWeightGradient(extents: DepthwiseExtents): boolean {
  return bandsOf(extents) !== undefined;
}

/**
 * Depthwise convolution of small maps as one matrix product per channel: what the bands of the images see, `[batch * bands,
 * window]`, times the channel's Toeplitz matrix `[window, output positions]`, which repeats the kernel's taps along its
 * diagonals. ONNX Runtime's matrix products outrun its depthwise convolutions by more than the zeros cost, forward and
 * backward.
 */
export function toeplitzConvolution(e: Emitter, x: string, weight: string, extents: DepthwiseExtents): string {
  const { batch, channels, outHeight, outWidth } = extents;
  const { count, rows } = bandsOf(extents) as Bands;
  const product = e.matmul(windows(e, x, extents), toeplitz(e, weight, extents));
  const whole = e.reshape(product, [channels, batch, count * rows, outWidth]);
  return e.transpose(count * rows > outHeight ? e.slice(whole, [0], [outHeight], [2]) : whole, [1, 0, 2, 3]);
}

export function toeplitzInputGradient(e: Emitter, gradient: string, weight: string, extents: DepthwiseExtents): string {
  const { batch, channels, height, width, kernel } = extents;
  if ((bandsOf(extents) as Bands).count > 1) {
    const flat = e.reshape(weight, [channels, kernel * kernel]);
    const turned = e.gather(
      flat,
      Array.from({ length: kernel * kernel }, (_, tap) => kernel * kernel - 1 - tap),
      1,
    );
    return toeplitzConvolution(e, gradient, turned, extents);
  }
  const product = e.matmul(outputRows(e, gradient, extents), toeplitz(e, weight, extents), { transposeB: true });
  return e.transpose(e.reshape(product, [channels, batch, height, width]), [1, 0, 2, 3]);
}

export function toeplitzWeightGradient(e: Emitter, x: string, gradient: string, extents: DepthwiseExtents): string {
  const { channels, kernel } = extents;
  const product = e.matmul(windows(e, x, extents), outputRows(e, gradient, extents), { transposeA: true });
  const flat = e.reshape(product, [channels, entries(extents)]);
  return e.reshape(e.matmul(flat, diagonals(e, extents), { transposeB: true }), [channels, 1, kernel, kernel]);
}

/** `[batch, channels, h, w]` to `[channels, batch * bands, window * w]` */
function windows(e: Emitter, x: string, extents: DepthwiseExtents): string {
  const { batch, channels, height, width, kernel, stride } = extents;
  const { count, rows, window, first } = bandsOf(extents) as Bands;
  return e.once(`windows ${[kernel, stride]} of ${x}`, () => {
    const byChannel = e.transpose(x, [1, 0, 2, 3]);
    if (count === 1) return e.reshape(byChannel, [channels, batch, height * width]);
    const step = rows * stride;
    const padded = e.pad(byChannel, [0, 0, -first, 0, 0, 0, (count + 1) * step - height + first, 0]);
    const steps = e.reshape(padded, [channels, batch, count + 1, step * width]);
    const pairs = Array.from({ length: 2 * count }, (_, i) => (i + 1) >> 1);
    return e.reshape(e.gather(steps, pairs, 2), [channels, batch * count, window * width]);
  });
}

/** A gradient of the output, `[channels, batch * bands, band's positions]` */
function outputRows(e: Emitter, gradient: string, extents: DepthwiseExtents): string {
  const { batch, channels, outHeight, outWidth } = extents;
  const { count, rows } = bandsOf(extents) as Bands;
  const byChannel = e.pad(e.transpose(gradient, [1, 0, 2, 3]), [0, 0, 0, 0, 0, 0, count * rows - outHeight, 0]);
  return e.reshape(byChannel, [channels, batch * count, rows * outWidth]);
}

function entries(extents: DepthwiseExtents): number {
  const { rows, window } = bandsOf(extents) as Bands;
  return window * extents.width * rows * extents.outWidth;
}

/** `[channels, window * w, band's positions]` */
function toeplitz(e: Emitter, weight: string, extents: DepthwiseExtents): string {
  const { channels, kernel, width, outWidth } = extents;
  const { rows, window } = bandsOf(extents) as Bands;
  const flat = e.matmul(e.reshape(weight, [channels, kernel * kernel]), diagonals(e, extents));
  return e.reshape(flat, [channels, window * width, rows * outWidth]);
}

/**
 * `[taps, entries of a matrix]`: 1 where the tap leads from the window's to the output's position. Computed from rows and
 * columns apart, in a moment, because stored whole it would be most of a compiled program.
 */
function diagonals(e: Emitter, extents: DepthwiseExtents): string {
  const { kernel, stride, width, outWidth } = extents;
  const { rows, window, first } = bandsOf(extents) as Bands;
  const pad = kernel >> 1;
  return e.once(`diagonals ${[kernel, stride, window, width, rows, first]}`, () => {
    const down = steps(e, kernel, stride, -pad - first, window, rows);
    const across = steps(e, kernel, stride, -pad, width, outWidth);
    const product = e.multiply(
      e.reshape(down, [kernel, 1, window, 1, rows, 1]),
      e.reshape(across, [1, kernel, 1, width, 1, outWidth]),
    );
    return e.reshape(product, [kernel * kernel, entries(extents)]);
  });
}

/** Along one axis `[tap, from, to]`: 1 where from = stride * to + tap + offset. */
function steps(e: Emitter, kernel: number, stride: number, offset: number, from: number, to: number): string {
  const key = `steps ${[kernel, stride, offset, from, to]}`;
  return e.table(key, [kernel, from, to], () => {
    const ones = new Float32Array(kernel * from * to);
    for (let tap = 0; tap < kernel; tap++) {
      for (let end = 0; end < to; end++) {
        const start = stride * end + tap + offset;
        if (start >= 0 && start < from) ones[(tap * from + start) * to + end] = 1;
      }
    }
    return ones;
  });
}
