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
 * @throws RangeError if the wanted shape does not fit into the full one.
 */
export function sliceWeight(full: Tensor, shape: readonly number[]): Tensor {
  if (full.shape.length !== shape.length || shape.some((extent, axis) => extent > (full.shape[axis] as number))) {
    throw new RangeError(`[${shape.join(', ')}] is no part of [${full.shape.join(', ')}]`);
  }
  if (shape.every((extent, axis) => extent === full.shape[axis])) return full;
  const starts = sliceStarts(full.shape, shape);
  const strides = full.shape.map((_, axis) => elementCount(full.shape.slice(axis + 1)));
  const data = new Float32Array(elementCount(shape));
  const row = shape.at(-1) as number;
  for (let to = 0; to < data.length; to += row) {
    let rest = to / row;
    let from = starts.at(-1) as number;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      from += ((starts[axis] as number) + (rest % extent)) * (strides[axis] as number);
      rest = Math.floor(rest / extent);
    }
    data.set(full.data.subarray(from, from + row), to);
  }
  return tensor(shape, data);
}
