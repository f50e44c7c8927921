/** Numbers with a shape, row-major. What crosses a module border is always this, never loose (data, dims) pairs. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** @throws RangeError if the data does not fill the shape. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const count = elementCount(shape);
  if (data && data.length !== count) {
    throw new RangeError(`a tensor of shape [${shape.join(', ')}] needs ${count} numbers, got ${data.length}`);
  }
  return { shape, data: data ?? new Float32Array(count) };
}
