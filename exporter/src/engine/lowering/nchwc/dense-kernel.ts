import { phases } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';
import type { Extras, Kernel } from './kernel.js';
import { sumOf } from './layer-step.js';
import type { FusedLayer } from './partition.js';

/**
 * A dense k x k convolution of images (the stem), straight from row-major memory. Wanted in phases, each of the four is a
 * convolution of twice the stride. Images are no parameters: there is no gradient of the input.
 */
export class DenseKernel implements Kernel {
  /** `[out, in * k * k]` */
  readonly matrix: string;
  readonly #out: number;
  readonly #image: string;

  constructor(
    readonly scope: BlockedScope,
    readonly layer: FusedLayer,
  ) {
    const { blocked } = scope;
    const [out, channels, kernel] = layer.weight.shape as [number, number, number];
    this.#out = blocked.padded(out);
    this.#image = scope.name(layer.input);
    const flat = blocked.e.reshape(scope.name(layer.weight), [out, channels * kernel * kernel]);
    this.matrix = blocked.e.pad(flat, [0, 0, this.#out - out, 0]);
  }

  convolve(matrix: string, extras: Extras = {}): Parts {
    const { scope, layer } = this;
    const [batch, channels, height, width] = layer.input.shape as [number, number, number, number];
    const kernel = layer.weight.shape[2] as number;
    const weight = scope.blocked.denseWeight(matrix, this.#out, channels, [kernel, kernel]);
    const step = this.#step;
    return this.#parts.map(({ starts: [top, left], extent: [rows, columns] }) =>
      scope.blocked.convolution({ name: this.#image, batch, channels, height, width }, weight, {
        kernel: [kernel, kernel],
        pads: [
          -top,
          -left,
          Math.max(0, top + (rows - 1) * step + kernel - height),
          Math.max(0, left + (columns - 1) * step + kernel - width),
        ],
        strides: [step, step],
        group: 1,
        outputChannels: this.#out,
        ...extras,
      }),
    );
  }

  matrixGradient(gradients: Parts): string {
    const { scope } = this;
    const columns = this.#columns();
    return sumOf(scope, gradients, (part, i) => scope.blocked.outerProductWithRows(part, columns[i] as string));
  }

  addWeightGradient(matrix: () => string): void {
    const { scope, layer } = this;
    if (!scope.differentiable.has(layer.weight)) return;
    const { e } = scope.blocked;
    const out = layer.weight.shape[0] as number;
    const gradient = out === this.#out ? matrix() : e.slice(matrix(), [0], [out], [0]);
    scope.addGradient(layer.weight, e.reshape(gradient, layer.weight.shape));
  }

  addInputGradient(): void {}

  /** Between the image's positions that neighbours of a part start from. */
  get #step(): number {
    return this.layer.phased ? 2 * this.layer.stride : this.layer.stride;
  }

  /** Where each part's first window starts in the image (zero or, in its padding, below), and how many there are. */
  get #parts(): readonly { starts: readonly [number, number]; extent: readonly [number, number] }[] {
    const { weight, stride, output, phased } = this.layer;
    const pad = (weight.shape[2] as number) >> 1;
    const [, , height, width] = output.shape as [number, number, number, number];
    if (!phased) return [{ starts: [-pad, -pad], extent: [height, width] }];
    return phases.map(([row, column]) => ({
      starts: [row * stride - pad, column * stride - pad],
      extent: [height / 2, width / 2],
    }));
  }

  /** im2col: per part the matrices `[batch, in * k * k, positions]` of what every window sees, from views of the image. */
  #columns(): readonly string[] {
    const { e } = this.scope.blocked;
    const { input, weight } = this.layer;
    const [batch, channels, height, width] = input.shape as [number, number, number, number];
    const kernel = weight.shape[2] as number;
    const pad = kernel >> 1;
    const step = this.#step;
    const far = (axis: 0 | 1, extent: number) =>
      Math.max(0, ...this.#parts.map((part) => part.starts[axis] + (part.extent[axis] - 1) * step + kernel - extent));
    const padded = e.pad(this.#image, [0, 0, pad, pad, 0, 0, far(0, height), far(1, width)]);
    const ends = [pad + height + far(0, height), pad + width + far(1, width)];
    const once = new Map<string, string>();
    const shared = (key: string, emit: () => string) => {
      const name = once.get(key) ?? emit();
      once.set(key, name);
      return name;
    };
    /** Every `step`-th row and column from these on. */
    const grid = (row: number, column: number) =>
      step === 1
        ? padded
        : shared(`grid ${row} ${column}`, () => e.slice(padded, [row, column], ends, [2, 3], [step, step]));
    const view = (row: number, column: number, [rows, columns]: readonly [number, number]) =>
      shared(`view ${row} ${column}`, () => {
        const from = [Math.floor(row / step), Math.floor(column / step)] as const;
        const to = [from[0] + rows, from[1] + columns];
        const seen = e.slice(grid(row % step, column % step), from, to, [2, 3]);
        return e.reshape(seen, [batch, channels, 1, rows * columns]);
      });
    return this.#parts.map(({ starts: [top, left], extent }) => {
      const taps: string[] = [];
      for (let row = 0; row < kernel; row++) {
        for (let column = 0; column < kernel; column++) {
          taps.push(view(top + pad + row, left + pad + column, extent));
        }
      }
      const [rows, columns] = extent;
      return e.reshape(e.concat(taps, 2), [batch, channels * kernel * kernel, rows * columns]);
    });
  }
}
