import type { Value } from '../../graph.js';
import { type Blocked, phases } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';

type Pads = readonly [number, number, number, number];

/** The taps of the kernel that meet one part of the input, as a kernel of stride 1. */
interface Taps {
  /** Positions in the whole kernel, row-major. */
  readonly positions: readonly number[];
  readonly extent: readonly [number, number];
  readonly pads: Pads;
}

export interface DepthwiseExtras {
  readonly bias?: string;
  readonly sum?: string | undefined;
  readonly activation?: 'Relu';
}

/**
 * A depthwise convolution and its gradients. One of stride 2 is the sum of four of stride 1, one per phase of the
 * input: even and odd rows and columns meet different taps of the kernel. Kernels are matrices `[channels, k * k]`.
 */
export class DepthwiseKernel {
  /** The whole kernel, channels padded. */
  readonly matrix: string;
  readonly #taps: readonly Taps[];
  readonly #xs: Parts;
  readonly #kernel: number;
  readonly #channels: number;
  readonly #padded: number;

  constructor(
    readonly scope: BlockedScope,
    readonly input: Value,
    readonly weight: Value,
    stride: number,
  ) {
    const { blocked } = scope;
    const [channels, , kernel] = weight.shape as [number, number, number];
    this.#channels = channels;
    this.#kernel = kernel;
    this.#padded = blocked.padded(channels);
    this.#xs = scope.parts(input, stride === 2 ? 'phases' : 'whole');
    this.#taps = stride === 2 ? phases.map((phase) => phaseTaps(kernel, phase)) : [wholeKernel(kernel)];
    const flat = blocked.e.reshape(scope.name(weight), [channels, kernel * kernel]);
    this.matrix = blocked.e.pad(flat, [0, 0, this.#padded - channels, 0]);
  }

  #tapWeight(matrix: string, { positions, extent }: Taps, flip = false): string {
    const { blocked } = this.scope;
    const wanted = flip ? [...positions].reverse() : positions;
    const whole = wanted.length === this.#kernel ** 2 && wanted.every((position, i) => position === i);
    return blocked.depthwiseWeight(whole ? matrix : blocked.e.gather(matrix, wanted, 1), this.#padded, extent);
  }

  /** @param extras go into the last of the summed convolutions; a `sum` into the first */
  convolve(matrix: string, { bias, sum, activation }: DepthwiseExtras = {}): Blocked {
    const last = this.#taps.length - 1;
    let result: Blocked | undefined;
    this.#taps.forEach((part, i) => {
      result = this.scope.blocked.convolution(this.#xs[i] as Blocked, this.#tapWeight(matrix, part), {
        kernel: part.extent,
        pads: part.pads,
        group: this.#padded,
        outputChannels: this.#padded,
        sum: result?.name ?? sum,
        ...(i === last ? { bias, ...(activation ? { activation } : {}) } : {}),
      });
    });
    return result as Blocked;
  }

  /** Of the kernel as it was convolved with, from a gradient of the output: `[channels, k * k]`. */
  matrixGradient(gradient: Blocked): string {
    const { blocked } = this.scope;
    const parts = this.#taps.map(({ pads }, i) =>
      blocked.depthwiseWeightGradient(this.#xs[i] as Blocked, gradient, pads),
    );
    if (parts.length === 1) return parts[0] as string;
    const order = this.#taps.flatMap(({ positions }) => positions);
    const inverse = order.map((_, position) => order.indexOf(position));
    return blocked.e.gather(blocked.e.concat(parts, 1), inverse, 1);
  }

  addWeightGradient(matrix: string): void {
    const { scope, weight } = this;
    if (!scope.differentiable.has(weight)) return;
    const { e } = scope.blocked;
    const unpadded = this.#padded === this.#channels ? matrix : e.slice(matrix, [0], [this.#channels], [0]);
    scope.addGradient(weight, e.reshape(unpadded, weight.shape));
  }

  addInputGradient(matrix: string, gradient: Blocked): void {
    const { scope, input } = this;
    if (!scope.differentiable.has(input)) return;
    const parts = this.#taps.map((part) => {
      const [height, width] = part.extent;
      const [top, left, bottom, right] = part.pads;
      return scope.blocked.convolution(gradient, this.#tapWeight(matrix, part, true), {
        kernel: part.extent,
        pads: [height - 1 - top, width - 1 - left, height - 1 - bottom, width - 1 - right],
        group: this.#padded,
        outputChannels: this.#padded,
      });
    });
    scope.addBlockedGradient(input, parts);
  }
}

function wholeKernel(kernel: number): Taps {
  const pad = kernel >> 1;
  return {
    positions: Array.from({ length: kernel ** 2 }, (_, i) => i),
    extent: [kernel, kernel],
    pads: [pad, pad, pad, pad],
  };
}

/** Output position o reads input position 2 o + t - pad at tap t: phase p holds it where t - pad - p is even. */
function phaseTaps(kernel: number, [row, column]: readonly [number, number]): Taps {
  const pad = kernel >> 1;
  const along = (phase: number) => {
    const taps = Array.from({ length: kernel }, (_, tap) => tap).filter((tap) => (tap - pad - phase) % 2 === 0);
    const offset = (tap: number) => (tap - pad - phase) / 2;
    return { taps, before: -offset(taps[0] as number), after: offset(taps.at(-1) as number) };
  };
  const rows = along(row);
  const columns = along(column);
  return {
    positions: rows.taps.flatMap((r) => columns.taps.map((c) => r * kernel + c)),
    extent: [rows.taps.length, columns.taps.length],
    pads: [rows.before, columns.before, rows.after, columns.after],
  };
}
