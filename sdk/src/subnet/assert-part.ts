import type { Tensor } from '../tensor/index.js';

/** @throws RangeError if the shape does not fit into that of the tensor. */
export function assertPart(full: Tensor, shape: readonly number[]): void {
  if (full.shape.length !== shape.length || shape.some((extent, axis) => extent > (full.shape[axis] as number))) {
    throw new RangeError(`[${shape.join(', ')}] is no part of [${full.shape.join(', ')}]`);
  }
}
