import { Random } from '@easel/sdk/random';
import { presetSpace } from '@easel/sdk/space';
import { type AdapterPart, adapt, adapterBytes, adapterParts, encodeAdapter } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';

for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
  describe(`adapter: ${space.name}`, () => {
    const supernet = randomSupernet(space, 7, new Random(1));
    const classes = [4, 1];
    const rank = 3;
    const parts = adapterParts(space, classes.length, rank);
    const random = new Random(9);
    const changes = new Map<string, ReturnType<typeof numbersOf>>();
    function numbersOf({ rows, columns, rank }: AdapterPart) {
      return {
        factors: Float32Array.from({ length: rank }, () => random.normal() / 1000),
        products: Int8Array.from({ length: rank * (rows + columns) }, () => random.integer(255) - 127),
      };
    }
    const bytes = encodeAdapter(parts, (part) => {
      const numbers = numbersOf(part);
      changes.set(part.name, numbers);
      return numbers;
    });

    it('has a part for every weight, and none of a higher rank than it can have', () => {
      expect(parts.map(({ name }) => name)).to.deep.equal([...supernet.weights.keys()]);
      for (const part of parts) expect(part.rank).to.equal(Math.min(rank, part.rows, part.columns));
      expect(bytes.length).to.equal(adapterBytes(parts));
    });

    it('adds its products to copies of the weights; of the classifier, to the rows of the classes', () => {
      const before = new Map([...supernet.weights].map(([name, { data }]) => [name, [...data]]));
      // At an odd place, as in a larger buffer.
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      const adapted = adapt(supernet, { rank, bytes: shifted.subarray(1) }, classes);
      expect(adapted.statistics).to.equal(supernet.statistics);
      for (const { name, rows, columns, rank } of parts) {
        const { factors, products } = changes.get(name) as ReturnType<typeof numbersOf>;
        const old = before.get(name) as number[];
        const expected = [...old];
        for (let product = 0; product < rank; product++) {
          const start = product * (rows + columns);
          for (let row = 0; row < rows; row++) {
            const target = name.startsWith('classifier.') ? (classes[row] as number) : row;
            for (let column = 0; column < columns; column++) {
              const at = target * columns + column;
              const pair = (products[start + row] as number) * (products[start + rows + column] as number);
              expected[at] = (expected[at] as number) + (factors[product] as number) * pair;
            }
          }
        }
        const { shape, data } = adapted.weights.get(name) as Tensor;
        expect(shape).to.deep.equal(supernet.weights.get(name)?.shape);
        data.forEach((value, i) => {
          expect(value, name).closeTo(expected[i] as number, 1e-3);
        });
        expect([...(supernet.weights.get(name) as Tensor).data]).to.deep.equal(old);
      }
    });
  });
}
