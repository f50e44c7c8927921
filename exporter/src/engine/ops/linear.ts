import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** x `[batch, in]`, weight `[out, in]`, bias `[out]` to `[batch, out]`. */
export const linear: Op<Record<string, never>> = {
  name: 'linear',
  shapes([x, weight, bias]) {
    if (x?.length !== 2 || weight?.length !== 2 || x[1] !== weight[1] || bias?.join() !== String(weight[0])) {
      throw new ShapeError('linear', [x, weight, bias] as Shape[], '[batch, in], [out, in] and [out]');
    }
    return [[x[0] as number, weight[0] as number]];
  },
  emit: (e, { inputs: [x, weight, bias] }) => [
    e.gemm(x as string, weight as string, { transposeB: true }, bias as string),
  ],
  gradient(e, { inputs: [x, weight], gradient, needed }) {
    return [
      needed[0] ? e.gemm(gradient, weight as string) : undefined,
      needed[1] ? e.gemm(gradient, x as string, { transposeA: true }) : undefined,
      needed[2] ? e.reduceSum(gradient, [0]) : undefined,
    ];
  },
};
