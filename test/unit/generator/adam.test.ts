import { Adam } from '@easel/exporter/generator';
import { expect } from 'chai';

describe('Adam', () => {
  it('corrects its moments for their start at zero, and decays weights beside them', () => {
    const weight = Float32Array.of(1, -2);
    const adam = new Adam(new Map([['w', weight]]), { learningRate: 0.1, weightDecay: 0.5 });
    adam.step(new Map([['w', Float32Array.of(0.3, -4)]]));
    // The first step goes by the whole rate, however large the gradient.
    expect(weight[0]).to.be.closeTo(1 * (1 - 0.1 * 0.5) - 0.1, 1e-5);
    expect(weight[1]).to.be.closeTo(-2 * (1 - 0.1 * 0.5) + 0.1, 1e-5);

    const before = weight[0] as number;
    adam.step(new Map([['w', Float32Array.of(-0.1, 0)]]), 0.5);
    const first = (0.9 * 0.1 * 0.3 + 0.1 * -0.1) / (1 - 0.9 ** 2);
    const second = (0.999 * 0.001 * 0.3 ** 2 + 0.001 * 0.1 ** 2) / (1 - 0.999 ** 2);
    expect(weight[0]).to.be.closeTo(before * (1 - 0.05 * 0.5) - (0.05 * first) / Math.sqrt(second), 1e-5);
  });
});
