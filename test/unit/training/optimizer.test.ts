import { Sgd } from '@easel/exporter/training';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const vector = (...values: number[]) => tensor([values.length], Float32Array.from(values));
const matrix = (...values: number[]) => tensor([1, values.length], Float32Array.from(values));

describe('Sgd', () => {
  const options = { momentum: 0.9, weightDecay: 0, gradientClip: 1e9 };

  it('follows PyTorch: v = m v + g, w -= rate (g + m v)', () => {
    const w = vector(1);
    const sgd = new Sgd(new Map([['w', w]]), options);
    sgd.step(new Map([['w', vector(0.5)]]), 0.1);
    expect(w.data[0]).closeTo(1 - 0.1 * (0.5 + 0.9 * 0.5), 1e-6);
    sgd.step(new Map([['w', vector(-0.2)]]), 0.1);
    const v = 0.9 * 0.5 - 0.2;
    expect(w.data[0]).closeTo(0.905 - 0.1 * (-0.2 + 0.9 * v), 1e-6);
  });

  it('scales the gradient down to the largest norm, over all weights together', () => {
    const [a, b] = [vector(0), vector(0)];
    const weights = new Map([
      ['a', a],
      ['b', b],
    ]);
    const sgd = new Sgd(weights, { momentum: 0, weightDecay: 0, gradientClip: 1 });
    const norm = sgd.step(
      new Map([
        ['a', vector(3)],
        ['b', vector(4)],
      ]),
      1,
    );
    expect(norm).to.equal(5);
    expect(a.data[0]).closeTo(-0.6, 1e-6);
    expect(b.data[0]).closeTo(-0.8, 1e-6);
  });

  it('decays kernels and matrices, but neither batch norm nor biases', () => {
    const [kernel, scale] = [matrix(2), vector(2)];
    const weights = new Map([
      ['kernel', kernel],
      ['scale', scale],
    ]);
    new Sgd(weights, { momentum: 0, weightDecay: 0.1, gradientClip: 1 }).step(
      new Map([
        ['kernel', matrix(0)],
        ['scale', vector(0)],
      ]),
      0.5,
    );
    expect(kernel.data[0]).closeTo(2 - 0.5 * 0.1 * 2, 1e-6);
    expect(scale.data[0]).to.equal(2);
  });

  it('clips by the norm of all numbers, and clips no decay', () => {
    const kernel = matrix(1, 1, 1, 1, 1, 1);
    const sgd = new Sgd(new Map([['kernel', kernel]]), { momentum: 0, weightDecay: 0.1, gradientClip: 7 });
    const gradient = [1, 2, 4, 6, 8, 16.5];
    const norm = sgd.step(new Map([['kernel', matrix(...gradient)]]), 1);
    expect(norm).closeTo(Math.hypot(...gradient), 1e-9);
    kernel.data.forEach((value, i) => {
      expect(value).closeTo(1 - (7 / norm) * (gradient[i] as number) - 0.1, 1e-6);
    });
  });

  it('changes nothing where the gradient is not finite', () => {
    const w = vector(1, 2);
    const norm = new Sgd(new Map([['w', w]]), options).step(new Map([['w', vector(0, Number.NaN)]]), 1);
    expect(norm).to.satisfy(Number.isNaN);
    expect([...w.data]).to.deep.equal([1, 2]);
  });
});
