import { ClassScorer, Preferences } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { encodeArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { correlationOf, decisions, sets, syntheticTable } from './synthetic.js';

describe('preferences', () => {
  const of = (own: number) => {
    const { table, special } = syntheticTable(own, 11);
    const scorer = new ClassScorer(table, 16);
    const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
    return {
      preferences: new Preferences(
        rows,
        sets.map((set) => scorer.score(set)),
        new Random(1),
      ),
      special,
    };
  };

  it('are found and kept where class sets really differ', () => {
    const { preferences, special } = of(0.6);
    expect(preferences.classes.interval[0]).to.be.greaterThan(0.05);
    expect(preferences.classes.kept).to.be.greaterThan(0.5);
    expect(correlationOf(preferences.ofClasses(0, 'all'), special, new Random(2))).to.be.greaterThan(0.8);
    expect(correlationOf(preferences.ofClasses(1, 'all'), special, new Random(2))).to.be.lessThan(-0.8);
  });

  it('are shrunk to next to nothing where class sets only seem to differ', () => {
    const { preferences } = of(0);
    expect(preferences.classes.interval[0]).to.be.lessThan(0.05);
    expect(preferences.classes.kept).to.be.lessThan(0.25);
    const [own, common] = [preferences.ofClasses(0, 'all'), preferences.common];
    expect(preferences.product(own, own)).to.be.lessThan(0.02 * preferences.product(common, common));
  });
});
