import { ShapeError } from '../errors.js';
import type { Op, Shape } from '../graph.js';

/** Some neighbouring columns of a matrix: `[rows, n]` to `[rows, count]`. */
export const columns: Op<{ readonly offset: number; readonly count: number }> = {
  name: 'columns',
  shapes([x], { offset, count }) {
    if (x?.length !== 2 || offset < 0 || offset + count > (x[1] as number)) {
      throw new ShapeError(
        'columns',
        [x as Shape, [offset, offset + count]],
        'a matrix and a range within its columns',
      );
    }
    return [[x[0] as number, count]];
  },
  emit: (e, { inputs, attributes: { offset, count } }) => [
    e.slice(inputs[0] as string, [offset], [offset + count], [1]),
  ],
  gradient: (e, { shapes, attributes: { offset, count }, gradient }) => [
    e.pad(gradient, [0, offset, 0, (shapes[0]?.[1] as number) - offset - count]),
  ],
};
