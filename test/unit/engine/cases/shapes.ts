export const batch = 2;

/** Even, odd and mixed extents; none fills whole vector registers. */
export const maps = [
  [8, 6],
  [7, 9],
  [5, 8],
] as const;

/** Too large for what is only done on small maps; even and odd, and too wide for what is done on narrow ones. */
export const largeMaps = [
  [10, 12],
  [11, 9],
  [4, 18],
] as const;

export const depthwiseWidths = [11, 24] as const;

const wide = [
  [20, 9],
  [5, 12],
  [16, 8],
] as const;

/** Input and output channels: contracting, expanding, whole blocks of 8. Few for large kernels, where the oracle is slow. */
export function denseWidths(kernel: number): readonly (readonly [into: number, out: number])[] {
  return kernel <= 3 ? wide : [[3, 10]];
}
