import type { Parts } from './blocked-scope.js';

/** What a convolution may take along into the same pass. */
export interface Extras {
  readonly bias?: string | undefined;
  readonly sum?: string | undefined;
  readonly activation?: 'Relu';
}

/** The linear part of a layer in blocked memory: how it convolves, and how gradients pass through it. */
export interface Kernel {
  /** `[out, taps]`, out padded: the weight in the order that the kernel works in. */
  readonly matrix: string;
  /** @param matrix the kernel's own, or one that is scaled per row */
  convolve(matrix: string, extras?: Extras): Parts;
  /** Of the kernel as it was convolved with, from the gradients of the output's parts: like `matrix`. */
  matrixGradient(gradients: Parts): string;
  /** Adds to the gradient of the layer's weight; `matrix` is asked for only where that gradient is wanted. */
  addWeightGradient(matrix: () => string): void;
  addInputGradient(matrix: string, gradients: Parts): void;
}
