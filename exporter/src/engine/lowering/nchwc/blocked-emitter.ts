import type { ConvolutionAttributes, Emitter } from '../../emitter.js';

const domain = 'com.microsoft.nchwc';

/** A value in blocked memory: the shape says `[batch, channels, height, width]`, channels padded to whole blocks. */
export interface Blocked {
  readonly name: string;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface BlockedConvolution extends Omit<ConvolutionAttributes, 'kernel'> {
  readonly kernel: readonly [number, number];
  readonly outputChannels: number;
  readonly bias?: string | undefined;
  /** Added to the result before the activation. */
  readonly sum?: string | undefined;
}

export type PointwiseExtras = Pick<BlockedConvolution, 'bias' | 'sum' | 'activation'>;

/** Maps with at least so many positions multiply image by image, smaller ones as one matrix over the whole batch. */
const perImagePositions = 64;

/**
 * ONNX Runtime's internal operators for x86 CPUs (domain com.microsoft.nchwc): memory `[batch, channels / block, height,
 * width, block]`, where a block fills one vector register. Everything about that memory order is in this file.
 */
export class BlockedEmitter {
  constructor(
    readonly e: Emitter,
    /** Channels per block: 16 with AVX-512, else 8. */
    readonly block: number,
  ) {}

  padded(channels: number): number {
    return Math.ceil(channels / this.block) * this.block;
  }

  fromRows(name: string, shape: readonly number[]): Blocked {
    const [batch, channels, height, width] = shape as [number, number, number, number];
    const padded = this.e.pad(name, [0, 0, 0, 0, 0, this.padded(channels) - channels, 0, 0]);
    const blocked = this.e.node('ReorderInput', [padded], {}, domain);
    return { name: blocked, batch, channels: this.padded(channels), height, width };
  }

  /** Row-major `[batch, channels, height, width]` with the padding dropped. */
  toRows(value: Blocked, channels: number): string {
    return this.e.node('ReorderOutput', [value.name], { channels }, domain);
  }

  convolution(x: Blocked, weight: string, options: BlockedConvolution): Blocked {
    const { bias, sum, outputChannels, ...attributes } = options;
    const inputs = sum ? [x.name, weight, bias ?? '', sum] : bias ? [x.name, weight, bias] : [x.name, weight];
    const [top, left, bottom, right] = attributes.pads;
    const [rowStep, columnStep] = attributes.strides ?? [1, 1];
    const [kernelHeight, kernelWidth] = attributes.kernel;
    return {
      name: this.e.convolution(inputs, attributes, domain),
      batch: x.batch,
      channels: outputChannels,
      height: Math.floor((x.height + top + bottom - kernelHeight) / rowStep) + 1,
      width: Math.floor((x.width + left + right - kernelWidth) / columnStep) + 1,
    };
  }

  /** @param weight `[out, in]`, both padded */
  pointwise(x: Blocked, weight: string, outputChannels: number, extras: PointwiseExtras = {}): Blocked {
    const tiles = this.e.transpose(this.#tiles(weight, outputChannels, x.channels), [0, 2, 3, 1]);
    const kernel = this.e.reshape(tiles, [outputChannels, x.channels, 1, 1]);
    return this.pointwiseBy(x, kernel, outputChannels, extras);
  }

  /** @param kernel of 1x1 in the memory order of the convolution, as `turnedPointwiseWeight` gives it */
  pointwiseBy(x: Blocked, kernel: string, outputChannels: number, extras: PointwiseExtras = {}): Blocked {
    return this.convolution(x, kernel, { kernel: [1, 1], pads: [0, 0, 0, 0], group: 1, outputChannels, ...extras });
  }

  /** For `pointwiseBy`, of the transpose of `weight`, which is `[out, in]`, both padded: from `out` to `in` channels. */
  turnedPointwiseWeight(weight: string, out: number, into: number): string {
    return this.e.reshape(this.e.transpose(this.#tiles(weight, out, into), [2, 0, 1, 3]), [into, out, 1, 1]);
  }

  #tiles(matrix: string, rows: number, columns: number): string {
    const { block } = this;
    return this.e.reshape(matrix, [rows / block, block, columns / block, block]);
  }

  /** For the convolution of an image in row-major memory. @param weight `[out, in * k * k]`, out padded */
  denseWeight(weight: string, out: number, channels: number, [height, width]: readonly [number, number]): string {
    const tiles = this.e.reshape(weight, [out / this.block, this.block, channels * height * width]);
    return this.e.reshape(this.e.transpose(tiles, [0, 2, 1]), [out, channels, height, width]);
  }

  /** @param weight `[channels, kernel height * kernel width]`, channels padded */
  depthwiseWeight(weight: string, channels: number, [height, width]: readonly [number, number]): string {
    const tiles = this.e.reshape(weight, [channels / this.block, this.block, height * width]);
    return this.e.reshape(this.e.transpose(tiles, [0, 2, 1]), [channels, 1, height, width]);
  }

  /** `scale * x + shift` with vectors `[channels, 1]`, as a depthwise 1x1 convolution. */
  affine(
    x: Blocked,
    scale: string,
    shift: string,
    extras: { sum?: string | undefined; activation?: 'Relu' } = {},
  ): Blocked {
    return this.convolution(x, this.e.reshape(scale, [-1, 1, 1, 1]), {
      kernel: [1, 1],
      pads: [0, 0, 0, 0],
      group: x.channels,
      outputChannels: x.channels,
      bias: this.e.reshape(shift, [-1]),
      ...extras,
    });
  }

  /** `scale * x` with a matrix `[batch, channels]`: every (image, channel) is a group of its own. */
  perImageScale(x: Blocked, scale: string): Blocked {
    const groups = x.batch * x.channels;
    const { name } = this.convolution(this.#oneImage(x), this.e.reshape(scale, [groups, 1, 1, 1]), {
      kernel: [1, 1],
      pads: [0, 0, 0, 0],
      group: groups,
      outputChannels: groups,
    });
    return { ...x, name: this.e.reshape(name, [x.batch, x.channels, x.height, x.width]) };
  }

  /** Sum over positions of `a * b`: `[batch, channels]`. */
  perImageDot(a: Blocked, b: Blocked): string {
    return this.e.reshape(this.#correlate(a, b, [0, 0, 0, 0]).name, [a.batch, a.channels]);
  }

  /** Mean over images and positions: `[channels, 1]`. */
  channelMean(x: Blocked): string {
    const perImage = this.e.node('GlobalAveragePool', [x.name], {}, domain);
    return this.e.reshape(this.e.reduceMean(perImage, [0]), [-1, 1]);
  }

  /** Sum over images and positions of `a * b`: `[channels, 1]`. */
  channelDot(a: Blocked, b: Blocked): string {
    return this.e.reshape(this.e.reduceSum(this.perImageDot(a, b), [0]), [a.channels, 1]);
  }

  /** With columns of zeros at either side: a depthwise 1x1 convolution, which unlike Pad uses all cores. */
  padColumns(x: Blocked, left: number, right: number): Blocked {
    const { e } = this;
    const ones = e.table(`1x1 kernels of ${x.channels} ones`, [x.channels, 1, 1, 1], () =>
      new Float32Array(x.channels).fill(1),
    );
    return this.convolution(x, ones, {
      kernel: [1, 1],
      pads: [0, left, 0, right],
      group: x.channels,
      outputChannels: x.channels,
    });
  }

  /**
   * Sums over images and positions of `a * b`, with b shifted along a: `[channels, shifts]`, shifts in row-major order.
   * @param pads zeros around a
   */
  channelCorrelation(a: Blocked, b: Blocked, pads: readonly [number, number, number, number]): string {
    const { batch, channels } = a;
    const { name, height, width } = this.#correlate(a, b, pads);
    const perImage = this.e.reshape(name, [batch, channels / this.block, height * width, this.block]);
    const tiles = this.e.reduceSum(perImage, [0]);
    return this.e.reshape(this.e.transpose(tiles, [0, 2, 1]), [channels, height * width]);
  }

  /** Every (image, channel) is a group of a depthwise convolution whose kernel is the other operand. */
  #correlate(x: Blocked, kernel: Blocked, pads: readonly [number, number, number, number]): Blocked {
    const groups = x.batch * x.channels;
    const weight = this.e.reshape(kernel.name, [groups, 1, kernel.height, kernel.width]);
    return this.convolution(this.#oneImage(x), weight, {
      kernel: [kernel.height, kernel.width],
      pads,
      group: groups,
      outputChannels: groups,
    });
  }

  /** The batch as the channels of a single image; the memory is the same. */
  #oneImage({ name, batch, channels, height, width }: Blocked): Blocked {
    const merged = this.e.reshape(name, [1, batch * channels, height, width]);
    return { name: merged, batch: 1, channels: batch * channels, height, width };
  }

  /** Sum over images and positions of `a bᵀ`: `[a.channels, b.channels]`. */
  outerProduct(a: Blocked, b: Blocked): string {
    const positions = a.height * a.width;
    if (positions < perImagePositions || positions % this.block !== 0) {
      return this.e.gemm(this.#matrix(a), this.#matrix(b), { transposeA: true });
    }
    // The wider one is the kernel, so that it need not be brought into another order.
    const shape = [a.channels, b.channels];
    if (a.channels < b.channels) {
      return this.e.reshape(this.e.transpose(this.#perImageProducts(b, a), [1, 0, 2]), shape);
    }
    return this.e.reshape(this.e.transpose(this.#perImageProducts(a, b), [0, 2, 1]), shape);
  }

  /**
   * `[kernel.channels / block, x.channels, block]`: products of each image as one group of a 1x1 convolution, whose input
   * channels are the image's positions, summed over images. A map in blocked memory already is such a kernel.
   */
  #perImageProducts(kernel: Blocked, x: Blocked): string {
    const { batch, channels } = kernel;
    const positions = kernel.height * kernel.width;
    const turned = this.e.once(`${x.name}, positions as channels`, () =>
      this.e.node('ReorderInput', [this.e.reshape(this.#matrix(x), [1, batch * positions, 1, x.channels])], {}, domain),
    );
    const images = { name: turned, batch: 1, channels: batch * positions, height: 1, width: x.channels };
    const { name } = this.convolution(images, this.e.reshape(kernel.name, [batch * channels, positions, 1, 1]), {
      kernel: [1, 1],
      pads: [0, 0, 0, 0],
      group: batch,
      outputChannels: batch * channels,
    });
    return this.e.reduceSum(this.e.reshape(name, [batch, channels / this.block, x.channels, this.block]), [0]);
  }

  /** Sum over images and positions of `a bᵀ`, where `b` is in row-major memory `[batch, n, positions]`: `[a.channels, n]`. */
  outerProductWithRows(a: Blocked, b: string): string {
    const rows = this.e.reshape(this.toRows(a, a.channels), [a.batch, a.channels, a.height * a.width]);
    return this.e.reduceSum(this.e.matmul(rows, b, { transposeB: true }), [0]);
  }

  /** `[batch * positions, channels]` */
  #matrix(x: Blocked): string {
    return this.e.once(`${x.name}, channels last`, () => {
      const attributes = { channels: x.channels, channels_last: 1 };
      const rows = this.e.node('ReorderOutput', [x.name], attributes, domain);
      return this.e.reshape(rows, [x.batch * x.height * x.width, x.channels]);
    });
  }

  multiply(a: Blocked, b: string): Blocked {
    return { ...a, name: this.e.multiply(a.name, b) };
  }

  /** Passes the gradient where the output of a ReLU is positive. */
  reluGradient(output: Blocked, gradient: Blocked): Blocked {
    return this.multiply(gradient, this.e.isPositive(output.name));
  }

  /** The four phases of even extents: (even, odd) rows x (even, odd) columns. */
  split(x: Blocked): Blocked[] {
    const { batch, channels, height, width } = x;
    const tiles = this.e.reshape(x.name, [(batch * channels) / this.block, height, width, this.block]);
    return phases.map(([row, column]) => ({
      name: this.e.reshape(this.e.slice(tiles, [row, column], [height, width], [1, 2], [2, 2]), [
        batch,
        channels,
        height / 2,
        width / 2,
      ]),
      batch,
      channels,
      height: height / 2,
      width: width / 2,
    }));
  }

  merge(parts: readonly Blocked[]): Blocked {
    const { batch, channels, height, width } = parts[0] as Blocked;
    const tiles = (batch * channels) / this.block;
    const stacked = this.e.concat(
      parts.map(({ name }) => name),
      0,
    );
    const grid = this.e.reshape(stacked, [2, 2, tiles, height, width, this.block]);
    return {
      name: this.e.reshape(this.e.transpose(grid, [2, 3, 0, 4, 1, 5]), [batch, channels, 2 * height, 2 * width]),
      batch,
      channels,
      height: 2 * height,
      width: 2 * width,
    };
  }

  /** `[batch, channels]` */
  globalAveragePool(x: Blocked): string {
    return this.e.reshape(this.e.node('GlobalAveragePool', [x.name], {}, domain), [x.batch, x.channels]);
  }

  /** Repeats `[batch, channels]` over all positions. */
  spread(vector: string, like: Blocked): Blocked {
    const { batch, channels, height, width, block } = { ...like, block: this.block };
    const tiles = this.e.reshape(vector, [(batch * channels) / block, 1, block]);
    const repeated = this.e.node('Expand', [tiles, this.e.integers([1, height * width, 1])]);
    return { ...like, name: this.e.reshape(repeated, [batch, channels, height, width]) };
  }
}

export const phases = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;
