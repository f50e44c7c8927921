import { chooseSubnets, distinct, errorOf, fitTerms, predict, type Sample, TermLayout } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import {
  formatArchitecture,
  largestArchitecture,
  macsTable,
  presetSpace,
  presets,
  smallestArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';

describe('chooseSubnets', () => {
  for (const space of presets) {
    it(`chooses different subnets, among them the extremes, in which every term occurs: ${space.name}`, () => {
      const layout = new TermLayout(space);
      const macs = layout.valuesOf(macsTable(space, 10));
      const count = Math.min(2 * layout.count, 150);
      const chosen = chooseSubnets(layout, macs, count, new Random(1));
      const names = chosen.map(formatArchitecture);
      expect(new Set(names).size).to.equal(count);
      expect(names).to.include(formatArchitecture(largestArchitecture(space)));
      expect(names).to.include(formatArchitecture(smallestArchitecture(space)));
      if (count < 2 * layout.count) return;
      const seen = new Float64Array(layout.count);
      for (const architecture of chosen)
        layout.row(architecture).forEach((times, i) => {
          seen[i] = (seen[i] as number) + times;
        });
      expect(Math.min(...seen)).to.be.at.least(1);
    });
  }

  it('keeps out what is to be predicted', () => {
    const space = presetSpace('tiny-32');
    const layout = new TermLayout(space);
    const macs = layout.valuesOf(macsTable(space, 10));
    const without = distinct(space, 300, new Random(2), [largestArchitecture(space)]);
    const chosen = chooseSubnets(layout, macs, 100, new Random(1), without).map(formatArchitecture);
    const excluded = without.map(formatArchitecture);
    expect(chosen.filter((name) => excluded.includes(name))).to.deep.equal([]);
    expect(chosen).to.have.length(100);
  });

  it('needs fewer subnets than drawing at random for the same error', () => {
    const space = presetSpace('mobile-32');
    const layout = new TermLayout(space);
    const random = new Random(3);
    const macs = layout.valuesOf(macsTable(space, 10));
    const terms = macs.map((count) => (count / 2e7) * random.uniform(0.5, 2) + random.uniform(0, 0.02));
    const measure = (architectures: ReturnType<typeof distinct>): Sample[] =>
      architectures.map((architecture) => {
        const row = layout.row(architecture);
        return { row, latencyMs: predict(terms, row) * (1 + 0.03 * random.normal()) };
      });
    const unseen = distinct(space, 200, random).map((architecture): Sample => {
      const row = layout.row(architecture);
      return { row, latencyMs: predict(terms, row) };
    });
    const mean = (draw: (seed: number) => ReturnType<typeof distinct>) =>
      [1, 2, 3, 4].reduce((sum, seed) => sum + errorOf(fitTerms(measure(draw(seed)), macs).terms, unseen).p90, 0) / 4;
    const designed = mean((seed) => chooseSubnets(layout, macs, 60, new Random(seed)));
    expect(designed).to.be.below(mean((seed) => distinct(space, 60, new Random(seed))));
  });
});
