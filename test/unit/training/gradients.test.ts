import { GradientSum } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import { sliceWeight } from '@easel/sdk/subnet';
import { elementCount, type Tensor, tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const random = new Random(5);
const randomTensor = (shape: readonly number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
  );
const dot = (a: Tensor, b: Tensor) => a.data.reduce((sum, value, i) => sum + value * (b.data[i] as number), 0);

describe('GradientSum', () => {
  // <slice(w), g> = <w, scatter(g)> for all w and g says that scattering is the adjoint of slicing.
  for (const [whole, part] of [
    [[6], [4]],
    [
      [6, 5],
      [6, 3],
    ],
    [
      [6, 5, 1, 1],
      [4, 3, 1, 1],
    ],
    [
      [6, 1, 5, 5],
      [4, 1, 3, 3],
    ],
    [
      [4, 3, 7, 7],
      [2, 2, 3, 3],
    ],
    [
      [4, 3, 3, 3],
      [4, 3, 3, 3],
    ],
  ] as const) {
    it(`adds [${part}] to the part of [${whole}] that slicing takes`, () => {
      const weight = randomTensor(whole);
      const gradient = randomTensor(part);
      const sum = new GradientSum(new Map([['w', weight]]));
      sum.add('w', gradient);
      const scattered = sum.tensors.get('w') as Tensor;
      expect(dot(weight, scattered)).closeTo(dot(sliceWeight(weight, part), gradient), 1e-4);
      expect(scattered.data.filter((value) => value !== 0).length).to.equal(gradient.data.length);
    });
  }

  it('sums over subnets until cleared', () => {
    const sum = new GradientSum(new Map([['w', tensor([3])]]));
    sum.add('w', tensor([2], Float32Array.of(1, 2)));
    sum.add('w', tensor([3], Float32Array.of(10, 20, 30)));
    expect([...(sum.tensors.get('w') as Tensor).data]).to.deep.equal([11, 22, 30]);
    sum.clear();
    expect([...(sum.tensors.get('w') as Tensor).data]).to.deep.equal([0, 0, 0]);
  });
});
