import { confusionMatrix, taskAccuracy } from '@easel/exporter/evaluation';
import { expect } from 'chai';

describe('taskAccuracy', () => {
  const outcome = {
    // Rows of classes 0, 1, 2.
    logits: Float32Array.of(3, 1, 2, 3, 1, 2, 1, 2, 3, 2, 2, 0),
    labels: Int32Array.of(0, 1, 1, 0),
  };

  it('counts over all classes, a tie as wrong', () => {
    expect(taskAccuracy(outcome)).to.equal(1 / 4);
  });

  it('looks only at images and logits of the given classes', () => {
    expect(taskAccuracy(outcome, [0, 1])).to.equal(2 / 4);
    expect(taskAccuracy(outcome, [1, 2])).to.equal(0);
    expect(taskAccuracy(outcome, [0, 2])).to.equal(2 / 2);
    expect(taskAccuracy(outcome, [2])).to.satisfy(Number.isNaN);
  });

  it('has a confusion matrix, of the given classes alone', () => {
    expect(confusionMatrix(outcome, [0, 1, 2])).to.deep.equal([
      [2, 0, 0],
      [1, 0, 1],
      [0, 0, 0],
    ]);
    expect(confusionMatrix(outcome, [1, 2])).to.deep.equal([
      [0, 2],
      [0, 0],
    ]);
  });
});
