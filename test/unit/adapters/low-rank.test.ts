import { adapterOptions, lowRank } from '@easel/exporter/adapters';
import { InvalidRequestError } from '@easel/sdk/errors';
import { Random } from '@easel/sdk/random';
import type { AdapterNumbers } from '@easel/sdk/subnet';
import { expect } from 'chai';

function sumOf({ factors, products }: AdapterNumbers, rows: number, columns: number): Float32Array {
  const sum = new Float32Array(rows * columns);
  factors.forEach((factor, product) => {
    const start = product * (rows + columns);
    for (let i = 0; i < sum.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const value = (products[start + row] as number) * (products[start + rows + column] as number);
      sum[i] = (sum[i] as number) + factor * value;
    }
  });
  return sum;
}

const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - (b[i] as number)));

describe('low rank', () => {
  const random = new Random(2);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());

  it('finds the products that a matrix is made of, but for 8-bit rounding', () => {
    for (const [rows, columns] of [
      [6, 40],
      [40, 6],
    ] as const) {
      const [left, right] = [draw(2 * rows), draw(2 * columns)];
      const matrix = Float32Array.from({ length: rows * columns }, (_, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return [0, 1].reduce(
          (sum, k) => sum + (left[k * rows + row] as number) * (right[k * columns + column] as number),
          0,
        );
      });
      const found = sumOf(lowRank(matrix, { rows, columns, rank: 2 }), rows, columns);
      expect(distance(found, matrix) / Math.hypot(...matrix)).to.be.below(0.01);
    }
  });

  it('leaves out the least: every further product brings the sum nearer', () => {
    const [rows, columns] = [9, 12];
    const matrix = draw(rows * columns);
    const errors = [1, 3, 6, 9].map((rank) =>
      distance(sumOf(lowRank(matrix, { rows, columns, rank }), rows, columns), matrix),
    );
    for (let i = 1; i < errors.length; i++) expect(errors[i]).below(errors[i - 1] as number);
    expect((errors.at(-1) as number) / Math.hypot(...matrix)).to.be.below(0.02);
  });

  it('of a vector is the vector, and of nothing is nothing', () => {
    const vector = draw(17);
    const found = sumOf(lowRank(vector, { rows: 17, columns: 1, rank: 1 }), 17, 1);
    expect(distance(found, vector) / Math.hypot(...vector)).to.be.below(0.01);
    const { factors, products } = lowRank(new Float32Array(12), { rows: 3, columns: 4, rank: 2 });
    expect([...factors, ...products].every((value) => value === 0)).to.equal(true);
  });
});

describe('adapter options', () => {
  it('name the field that is out of range', () => {
    expect(adapterOptions({ steps: 5 })).to.include({ steps: 5, rank: 8, cutMix: 0.5 });
    for (const [field, value] of [
      ['steps', 0],
      ['learningRate', Number.NaN],
      ['rank', 65],
      ['cutMix', 1.5],
      ['seed', 0.5],
    ] as const) {
      expect(() => adapterOptions({ [field]: value })).to.throw(InvalidRequestError, field);
    }
  });
});
