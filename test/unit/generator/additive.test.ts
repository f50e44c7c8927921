import { AdditiveModel, mean } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { encodeArchitecture, randomArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { correlation } from '#fixtures/correlation';
import { correlationOf, decisions, options, space } from './synthetic.js';

describe('additive models', () => {
  const random = new Random(5);
  const truth = Float32Array.from({ length: options }, () => random.normal());
  const rows = Array.from({ length: 300 }, () => encodeArchitecture(decisions, randomArchitecture(space, random)));
  const scores = rows.map((row) => row.reduce((sum, on, o) => sum + on * (truth[o] as number), 0) / 10);
  const model = new AdditiveModel(rows);

  it('order unseen architectures as the additive truth that their scores came from', () => {
    const noisy = scores.map((score) => score + 0.02 * random.normal());
    expect(correlationOf(model.fit(noisy), truth, random)).to.be.greaterThan(0.98);
  });

  it('see through a curve that saturates', () => {
    const highest = Math.max(...scores);
    const saturated = scores.map((score) => -((highest - score) ** 2));
    const { weights, predicted } = model.fitCurved(saturated);
    const straight = correlationOf(model.fit(saturated), truth, random);
    expect(correlationOf(weights, truth, random)).to.be.greaterThan(straight);
    expect(correlation([...predicted], saturated)).to.be.greaterThan(0.99);
  });

  it('count weighted rows only', () => {
    const weights = Float64Array.from(rows, (_, i) => (i < 150 ? 1 : 0));
    const half = new AdditiveModel(rows.slice(0, 150), 0.5).fit(scores.slice(0, 150));
    const misled = scores.map((score, i) => (i < 150 ? score : 99));
    model.fitWeighted(misled, weights).forEach((value, o) => {
      expect(value).to.be.closeTo(half[o] as number, 1e-9);
    });
  });

  it('measure how alike two preferences are by what they predict', () => {
    const sums = model.predict(truth);
    const middle = mean(sums);
    const variance = mean(sums.map((sum) => (sum - middle) ** 2));
    expect(model.product(Float64Array.from(truth), Float64Array.from(truth))).to.be.closeTo(variance, 1e-6);
  });
});
