import { errorOf, fitTerms, nonNegativeLeastSquares, predict, type Sample, TermLayout } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import { macsTable, presetSpace, randomArchitecture, type SearchSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { correlation } from '../../fixtures/correlation.js';

/** An invented device: time per MAC and per block, both different for every term. */
function inventedTerms(space: SearchSpace, random: Random): Float64Array {
  const macs = new TermLayout(space).valuesOf(macsTable(space, 10));
  return macs.map((count) => (count / 2e7) * random.uniform(0.6, 1.6) + random.uniform(0, 0.02));
}

function samplesOf(space: SearchSpace, terms: Float64Array, count: number, noise: number, random: Random): Sample[] {
  const layout = new TermLayout(space);
  return Array.from({ length: count }, () => {
    const row = layout.row(randomArchitecture(space, random));
    return { row, latencyMs: predict(terms, row) * (1 + noise * random.normal()) };
  });
}

describe('fitTerms', () => {
  for (const name of ['tiny-32', 'mobile-32']) {
    const space = presetSpace(name);
    const macs = new TermLayout(space).valuesOf(macsTable(space, 10));

    it(`predicts unseen subnets of a device that is exactly additive: ${name}`, () => {
      const random = new Random(1);
      const terms = inventedTerms(space, random);
      const { terms: fitted } = fitTerms(samplesOf(space, terms, 200, 0, random), macs);
      const error = errorOf(fitted, samplesOf(space, terms, 100, 0, random));
      expect(error.medianRelative).to.be.below(0.005);
      expect(error.within5).to.equal(1);
    });

    it(`averages noise out, and finds the order of the terms: ${name}`, () => {
      const random = new Random(2);
      const terms = inventedTerms(space, random);
      const { terms: fitted } = fitTerms(samplesOf(space, terms, 200, 0.04, random), macs);
      expect(errorOf(fitted, samplesOf(space, terms, 200, 0, random)).medianRelative).to.be.below(0.02);
      expect(Math.min(...fitted)).to.be.at.least(0);
      expect(correlation(fitted.subarray(1), terms.subarray(1))).to.be.above(0.9);
    });

    it(`is not misled by subnets whose measurement was disturbed: ${name}`, () => {
      const random = new Random(5);
      const terms = inventedTerms(space, random);
      const samples = samplesOf(space, terms, 200, 0.005, random).map((sample, i) =>
        i % 8 === 0 ? { ...sample, latencyMs: sample.latencyMs * random.uniform(1.2, 2) } : sample,
      );
      const { terms: fitted } = fitTerms(samples, macs);
      expect(errorOf(fitted, samplesOf(space, terms, 200, 0, random)).medianRelative).to.be.below(0.01);
    });

    it(`is better than time in proportion to MACs, even from few subnets: ${name}`, () => {
      const random = new Random(3);
      const terms = inventedTerms(space, random);
      const seen = samplesOf(space, terms, 60, 0.02, random);
      const unseen = samplesOf(space, terms, 200, 0, random);
      const total = (values: Float64Array) => seen.reduce((sum, { row }) => sum + predict(values, row), 0);
      const perMac = seen.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / total(macs);
      const proportional = errorOf(
        macs.map((count) => count * perMac),
        unseen,
      );
      expect(errorOf(fitTerms(seen, macs).terms, unseen).medianRelative).to.be.below(0.7 * proportional.medianRelative);
    });
  }
});

describe('nonNegativeLeastSquares', () => {
  it('satisfies the conditions of optimality', () => {
    const random = new Random(4);
    const space = presetSpace('tiny-32');
    const samples = samplesOf(space, inventedTerms(space, random), 60, 0.3, random);
    const prior = Float64Array.from({ length: new TermLayout(space).count }, () => 0.01);
    const strength = 0.05;
    const w = nonNegativeLeastSquares(samples, prior, strength, prior, 100_000);
    let clamped = 0;
    w.forEach((value, j) => {
      let gradient = (strength * (value - (prior[j] as number))) / (prior[j] as number) ** 2;
      for (const { row, latencyMs } of samples) {
        gradient += ((predict(w, row) / latencyMs - 1) * (row[j] as number)) / latencyMs;
      }
      const scale = samples.reduce((sum, { row, latencyMs }) => sum + (row[j] as number) / latencyMs, 1);
      if (value > 0) expect(Math.abs(gradient) / scale).to.be.below(1e-6);
      else {
        clamped++;
        expect(gradient / scale).to.be.above(-1e-6);
      }
    });
    expect(clamped).to.be.at.least(1);
  });

  it('stays at the prior where nothing was measured', () => {
    const samples = [{ row: Float64Array.of(1, 0), latencyMs: 2 }];
    const [measured, unmeasured] = nonNegativeLeastSquares(samples, Float64Array.of(1, 3), 1e-9);
    expect(measured).to.be.closeTo(2, 1e-6);
    expect(unmeasured).to.equal(3);
  });
});

describe('errorOf', () => {
  it('reports quantiles of relative errors and shares within 5 % and 10 %', () => {
    const samples = [1, 1.04, 1.08, 1.2].map((latencyMs) => ({ row: Float64Array.of(latencyMs), latencyMs: 1 }));
    const error = errorOf(Float64Array.of(1), samples);
    expect(error).to.include({ subnets: 4, within5: 0.5, within10: 0.75 });
    expect(error.medianRelative).to.be.closeTo(0.08, 1e-9);
    expect(error.p90).to.be.closeTo(0.2, 1e-9);
    expect(errorOf(Float64Array.of(1), []).subnets).to.equal(0);
  });
});
