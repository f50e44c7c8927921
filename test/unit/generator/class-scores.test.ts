import { taskAccuracy } from '@easel/exporter/evaluation';
import { ClassScorer, mean } from '@easel/exporter/generator';
import { expect } from 'chai';
import { sets, syntheticTable } from './synthetic.js';

describe('scores of class sets', () => {
  it('are the log-likelihood and the accuracy among the classes of the set', () => {
    const logits = Float32Array.of(1, 2, 50, 0, 3, 50, 5, 5, 5);
    const labels = Int32Array.of(0, 1, 2);
    const scorer = new ClassScorer({ architectures: [], logits: [logits], labels, classes: 3 }, 1);
    const { likelihood, accuracy, images } = scorer.score([0, 1]);
    const first = Math.log(Math.exp(1) / (Math.exp(1) + Math.exp(2)));
    const second = Math.log(Math.exp(3) / (Math.exp(0) + Math.exp(3)));
    expect(likelihood[0]?.[0]).to.be.closeTo((first + second) / 2, 1e-6);
    expect(accuracy[0]).to.equal(0.5);
    expect(images).to.equal(2);
  });

  it('agree with taskAccuracy, and confusions with class sets of two', () => {
    const { table } = syntheticTable(0.5, 3, { images: 80 });
    const scorer = new ClassScorer(table, 2);
    const confusions = scorer.confusions();
    for (const set of sets) {
      const { accuracy } = scorer.score(set);
      const measured = table.logits.map((logits) => taskAccuracy({ logits, labels: table.labels }, set));
      expect([...accuracy]).to.deep.equal(measured);
      const [a, b] = set as [number, number];
      if (set.length > 2) continue;
      const [weaker, stronger] = confusions.map(
        (table) => ((table[a * 4 + b] as number) + (table[b * 4 + a] as number)) / 2,
      ) as [number, number];
      expect(1 - mean(accuracy)).to.be.closeTo((weaker + stronger) / 2, 1e-6);
    }
  });

  it('refuse a set of which a block has no image', () => {
    const { table } = syntheticTable(0, 3, { images: 8 });
    expect(() => new ClassScorer(table, 16).score([0, 1])).to.throw(RangeError, 'too few images of classes 0, 1');
  });
});
