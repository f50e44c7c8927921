import { type Tensor, tensor } from '../tensor/index.js';

/** All weights of a supernet by name; the names and full shapes are those of the largest architecture's layers. */
export type Weights = ReadonlyMap<string, Tensor>;

/** What batch norm subtracts and divides by: `[channels]` each, of the channels that the choice has. */
export interface Moments {
  readonly mean: Tensor;
  /** Biased, without epsilon. */
  readonly variance: Tensor;
}

/** Layer name -> statistics key (`ConvolutionLayer.statisticsKey`) -> moments. */
export type Statistics = ReadonlyMap<string, ReadonlyMap<string, Moments>>;

/** The first element of a slice along every axis: prefixes of the first two, centre crops of the others. */
export function sliceStarts(full: readonly number[], shape: readonly number[]): number[] {
  return full.map((extent, axis) => (axis < 2 ? 0 : (extent - (shape[axis] as number)) >> 1));
}

/**
 * The weights of a narrower choice out of the full ones: a prefix of the first two axes, a centre crop of the others.
 * `assertPart` says whether there is such a part.
 */
export function sliceWeight(full: Tensor, shape: readonly number[]): Tensor {
  if (full.shape.join() === shape.join()) return full;
  const slice = tensor(shape);
  sliceInto(slice.data, full, shape);
  return slice;
}

/**
 * Writes what `sliceWeight` answers to where it is wanted.
 * @param full of up to four axes
 * @param factors what to multiply by, per index of the first axis
 */
export function sliceInto(target: Float32Array, full: Tensor, shape: readonly number[], factors?: Float64Array): void {
  const source = full.data;
  const [rows, columns = 1, height = 1, width = 1] = shape as [number, ...number[]];
  const [, fullColumns = 1, fullHeight = 1, fullWidth = 1] = full.shape;
  const [top, left] = [(fullHeight - height) >> 1, (fullWidth - width) >> 1];
  const rowLength = fullColumns * fullHeight * fullWidth;
  // What lies in one piece: lines of cropped kernels, otherwise all that is taken of a row.
  const cropped = top + left > 0;
  const pieces = cropped ? columns * height : 1;
  const length = cropped ? width : columns * height * width;
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const factor = factors ? (factors[row] as number) : 1;
    for (let piece = 0; piece < pieces; piece++) {
      let from = row * rowLength;
      if (cropped) {
        const column = Math.floor(piece / height);
        from += (column * fullHeight + top + (piece - column * height)) * fullWidth + left;
      }
      for (const end = to + length; to < end; to++, from++) target[to] = (source[from] as number) * factor;
    }
  }
}
