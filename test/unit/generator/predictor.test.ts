import {
  answerOf,
  ClassScorer,
  classSetFeatureCount,
  classSetFeatures,
  exportPredictor,
  fitPredictor,
  kendallTau,
  type Predictor,
  predictorFeatures,
} from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { encodeArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { decisions, fitOptions, options, sets, syntheticTable } from './synthetic.js';

describe('accuracy predictor', () => {
  const { table } = syntheticTable(0.3, 21, { images: 800 });
  const scorer = new ClassScorer(table, 2);
  const rows = table.architectures.map((architecture) => encodeArchitecture(decisions, architecture));
  const facts = { confusions: scorer.confusions(), images: scorer.imagesPerClass };
  let predictor: Predictor;

  before(async function () {
    this.timeout(60_000);
    const scores = sets.map((set) => scorer.score(set));
    const fit = { ...fitOptions, batch: 128, epochs: 2 };
    predictor = await fitPredictor({ rows, scores, facts, random: new Random(4), fit });
  });

  it('knows accuracies of subnets and class sets that it was not fitted to', () => {
    const { meanAbsoluteError, tau, subnets, classSets } = predictor.quality;
    expect(meanAbsoluteError).to.be.lessThan(0.05);
    expect(tau).to.be.greaterThan(0.5);
    expect([subnets, classSets]).to.deep.equal([17, 3]);
  });

  it('of two classes, which are one class set, is judged by unseen subnets alone', async () => {
    const fit = { ...fitOptions, batch: 128, epochs: 2 };
    const { quality } = await fitPredictor({ rows, scores: [scorer.score([0, 1])], facts, random: new Random(4), fit });
    expect(quality.classSets).to.equal(0);
    expect(quality.subnets).to.equal(17);
    expect(quality.meanAbsoluteError).to.be.lessThan(0.1);
  });

  it('is exported as an ONNX model that computes the same, and how sure it is', async () => {
    const session = await InferenceSession.create(exportPredictor(predictor));
    const asked = [sets[0], sets[7]] as [number[], number[]];
    const multiHot = Float32Array.from(asked.flatMap((set) => [0, 1, 2, 3].map((c) => Number(set.includes(c)))));
    const row = rows[5] as Float32Array;
    const { accuracy, deviation } = await session.run({
      classes: new Tensor('float32', multiHot, [2, 4]),
      architecture: new Tensor('float32', Float32Array.from([...row, ...row]), [2, options]),
    });
    asked.forEach((set, i) => {
      const expected = answerOf(predictor.weights, predictorFeatures(facts, set, row))[0] as number;
      const value = Number(accuracy?.data[i]);
      expect(value).to.be.closeTo(Math.min(1, expected), 1e-4);
      const variance = (value * (1 - value)) / (200 * set.length) + predictor.quality.rootMeanSquareError ** 2;
      expect(Number(deviation?.data[i])).to.be.closeTo(Math.sqrt(variance), 1e-5);
    });
    await session.release();
  });

  it('sees from confusions how wrong a class set may be, and the same in every order', () => {
    const featuresOf = (set: readonly number[]) => classSetFeatures(facts, set);
    // With one rival there is nothing that could coincide.
    const [sum, independent, norm2, norm4] = featuresOf([0, 1]) as [number, number, number, number];
    expect(norm2).to.be.closeTo(sum, 1e-9);
    expect(norm4).to.be.closeTo(sum, 1e-9);
    expect(independent).to.be.lessThan(sum);
    const [all, allIndependent, all2, all4] = featuresOf([0, 1, 2, 3]) as [number, number, number, number];
    expect(all).to.be.greaterThan(allIndependent);
    expect(all).to.be.greaterThan(all2);
    expect(all2).to.be.greaterThan(all4);
    expect(featuresOf([3, 1])).to.deep.equal(featuresOf([1, 3]));
    expect(featuresOf([0, 1])).to.have.lengthOf(classSetFeatureCount(4));
  });

  it("is judged by Kendall's tau", () => {
    const pairs = (order: readonly number[]) => order.map((predicted, measured) => ({ predicted, measured }));
    expect(kendallTau(pairs([1, 2, 3, 4]))).to.equal(1);
    expect(kendallTau(pairs([4, 3, 2, 1]))).to.equal(-1);
    expect(kendallTau(pairs([2, 1, 3, 4]))).to.be.closeTo(4 / 6, 1e-12);
    expect(kendallTau(pairs([1, 1, 1]))).to.equal(0);
  });
});
