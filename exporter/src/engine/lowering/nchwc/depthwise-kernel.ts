import type { Value } from '../../graph.js';
import { type Blocked, phases } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';
import type { Extras, Kernel } from './kernel.js';
import type { FusedLayer } from './partition.js';

type Pads = readonly [number, number, number, number];

/** The taps of the kernel that meet one part of the input, as a kernel of stride 1. */
interface Taps {
  /** Positions in the whole kernel, row-major. */
  readonly positions: readonly number[];
  readonly extent: readonly [number, number];
  readonly pads: Pads;
}

/**
 * A depthwise convolution and its gradients. One of stride 2 is the sum of four of stride 1, one per phase of the
 * input: even and odd rows and columns meet different taps of the kernel. Kernels are matrices `[channels, k * k]`.
 */
export class DepthwiseKernel implements Kernel {
  readonly matrix: string;
  readonly input: Value;
  readonly weight: Value;
  readonly #taps: readonly Taps[];
  /** By the gradient's name, with the zeros that its convolution with the turned kernel needs too. */
  readonly #paddedGradients = new Map<string, Blocked>();
  readonly #xs: Parts;
  readonly #kernel: number;
  readonly #channels: number;
  readonly #padded: number;

  constructor(
    readonly scope: BlockedScope,
    { input, weight, stride }: FusedLayer,
  ) {
    const { blocked } = scope;
    this.input = input;
    this.weight = weight;
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
  convolve(matrix: string, { bias, sum, activation }: Extras = {}): Parts {
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
    return [result as Blocked];
  }

  /**
   * The gradient slides over the input. Its padding would leave the kernels of ONNX Runtime no more than one column of
   * results at a time, so it gets columns of zeros, once for all parts: that is why it is the one that stays and the
   * input, larger as it may be, slides; taps come out turned by 180 degrees.
   */
  matrixGradient([gradient]: Parts): string {
    const { blocked } = this.scope;
    const parts = this.#taps.map(({ positions, extent, pads: [top, left, bottom, right] }, i) => {
      const [height, width] = extent;
      return {
        x: this.#xs[i] as Blocked,
        positions,
        extent,
        rows: [height - 1 - top, height - 1 - bottom] as const,
        columns: [width - 1 - left, width - 1 - right] as const,
      };
    });
    const before = Math.max(...parts.map(({ columns }) => columns[0]));
    const after = Math.max(...parts.map(({ columns }) => columns[1]));
    const padded = blocked.padColumns(gradient as Blocked, before, after);
    this.#paddedGradients.set((gradient as Blocked).name, padded);
    const sums = parts.map(({ x, rows: [above, below] }) =>
      blocked.channelCorrelation(padded, x, [above, 0, below, 0]),
    );
    const shifts = before + after + 1;
    const order = new Array<number>(this.#kernel ** 2);
    let offset = 0;
    for (const { positions, extent, columns } of parts) {
      const [height, width] = extent;
      // Where another part needs more zeros in front, as many shifts have no tap.
      const first = offset + before - columns[0];
      positions.forEach((position, tap) => {
        const [row, column] = [Math.floor(tap / width), tap % width];
        order[position] = first + (height - 1 - row) * shifts + (width - 1 - column);
      });
      offset += height * shifts;
    }
    return blocked.e.gather(sums.length === 1 ? (sums[0] as string) : blocked.e.concat(sums, 1), order, 1);
  }

  addWeightGradient(matrix: () => string): void {
    const { scope, weight } = this;
    if (!scope.differentiable.has(weight)) return;
    const { e } = scope.blocked;
    const unpadded = this.#padded === this.#channels ? matrix() : e.slice(matrix(), [0], [this.#channels], [0]);
    scope.addGradient(weight, e.reshape(unpadded, weight.shape));
  }

  addInputGradient(matrix: string, [gradient]: Parts): void {
    const { scope, input } = this;
    if (!scope.differentiable.has(input)) return;
    // Columns of zeros that are there already make the convolution of a small map faster.
    const padded = this.#taps.length === 1 ? this.#paddedGradients.get((gradient as Blocked).name) : undefined;
    const parts = this.#taps.map((part) => {
      const [height, width] = part.extent;
      const [top, left, bottom, right] = part.pads;
      const sides = padded ? [0, 0] : [width - 1 - left, width - 1 - right];
      return scope.blocked.convolution(padded ?? (gradient as Blocked), this.#tapWeight(matrix, part, true), {
        kernel: part.extent,
        pads: [height - 1 - top, sides[0] as number, height - 1 - bottom, sides[1] as number],
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
