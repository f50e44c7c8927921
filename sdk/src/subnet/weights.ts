import { elementCount, type Tensor, tensor } from '../tensor/index.js';

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
 *
 * @param factors what to multiply by, per index of the first axis
 * @throws RangeError if the wanted shape does not fit into the full one.
 */
export function sliceWeight(full: Tensor, shape: readonly number[], factors?: Float64Array): Tensor {
  if (full.shape.length !== shape.length || shape.some((extent, axis) => extent > (full.shape[axis] as number))) {
    throw new RangeError(`[${shape.join(', ')}] is no part of [${full.shape.join(', ')}]`);
  }
  // The last axis that is not whole: what is taken of it lies in one piece, together with the whole axes after it.
  let last = shape.length - 1;
  while (last >= 0 && shape[last] === full.shape[last]) last--;
  if (last < 0 && !factors) return full;
  last = Math.max(last, factors ? 1 : 0);
  const starts = sliceStarts(full.shape, shape);
  const strides = stridesOf(full.shape);
  const widths = stridesOf(shape);
  const run = (shape[last] as number) * (widths[last] as number);
  const data = new Float32Array(elementCount(shape));
  const source = full.data;
  const copy = (axis: number, from: number, to: number, factor: number): void => {
    const stride = strides[axis] as number;
    let begin = from + (starts[axis] as number) * stride;
    if (axis === last) {
      // Calls for a few numbers take longer than copying them.
      if (factor === 1 && run > 64) data.set(source.subarray(begin, begin + run), to);
      else for (let i = 0; i < run; i++) data[to + i] = (source[begin + i] as number) * factor;
      return;
    }
    const width = widths[axis] as number;
    for (let i = 0, end = shape[axis] as number, target = to; i < end; i++, begin += stride, target += width) {
      copy(axis + 1, begin, target, axis === 0 && factors ? (factors[i] as number) : factor);
    }
  };
  copy(0, 0, 0, 1);
  return tensor(shape, data);
}

/** How far apart neighbours along every axis are. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}
