import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** `[m, k]` times `[k, n]`. */
export const matmul: Op<Record<string, never>> = {
  name: 'matmul',
  shapes([a, b]) {
    if (a?.length !== 2 || b?.length !== 2 || a[1] !== b[0]) {
      throw new ShapeError('matmul', [a as Shape, b as Shape], '[m, k] and [k, n]');
    }
    return [[a[0] as number, b[1] as number]];
  },
  emit: (e, { inputs: [a, b] }) => [e.matmul(a as string, b as string)],
  gradient: (e, { inputs: [a, b], gradient, needed }) => [
    needed[0] ? e.gemm(gradient, b as string, { transposeB: true }) : undefined,
    needed[1] ? e.gemm(a as string, gradient, { transposeA: true }) : undefined,
  ],
};
