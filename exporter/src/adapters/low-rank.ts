import type { AdapterNumbers, AdapterPart } from '@easel/sdk/subnet';
import { Matrix, SVD } from 'ml-matrix';

/** The largest magnitude that a product's 8-bit integers have. */
const largest = 127;

/**
 * The best sum of `rank` products of a column and a row (Eckart and Young 1936), each rounded to 8 bits.
 * @param matrix `[rows, columns]`
 */
export function lowRank(
  matrix: Float32Array,
  { rows, columns, rank }: Pick<AdapterPart, 'rows' | 'columns' | 'rank'>,
): AdapterNumbers {
  const factors = new Float32Array(rank);
  const products = new Int8Array(rank * (rows + columns));
  // The decomposition of nothing has no directions.
  if (matrix.every((value) => value === 0)) return { factors, products };
  const { leftSingularVectors, rightSingularVectors, diagonal } = new SVD(Matrix.from1DArray(rows, columns, matrix), {
    autoTranspose: true,
  });
  for (let product = 0; product < rank; product++) {
    const start = product * (rows + columns);
    const column = leftSingularVectors.getColumn(product);
    const row = rightSingularVectors.getColumn(product);
    factors[product] =
      (diagonal[product] as number) *
      rounded(column, products.subarray(start, start + rows)) *
      rounded(row, products.subarray(start + rows, start + rows + columns));
  }
  return { factors, products };
}

/** @returns what the integers are to be multiplied by */
function rounded(values: readonly number[], target: Int8Array): number {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / largest;
  if (scale > 0) for (const [i, value] of values.entries()) target[i] = Math.round(value / scale);
  return scale;
}
