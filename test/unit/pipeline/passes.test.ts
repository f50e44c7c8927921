import type { Dataset, Split } from '@easel/exporter/data';
import { imagesOfClasses } from '@easel/exporter/pipeline';
import { expect } from 'chai';

const split: Split = { size: 16, labels: Int32Array.from({ length: 16 }, (_, i) => i % 4), read: () => {} };
const classes = ['a', 'b', 'c', 'd'];
const dataset: Dataset = {
  ...{ name: 'in turn', classes, tasks: { all: classes }, resolution: 1, horizontalFlip: true },
  ...{ train: split, validation: split, test: split },
};

describe('images that a bundle is evaluated on', () => {
  it('are of its classes alone, and some of each', () => {
    expect([...imagesOfClasses(dataset, 'test', ['d', 'b'])]).to.deep.equal([1, 3, 5, 7, 9, 11, 13, 15]);
    const some = imagesOfClasses(dataset, 'test', ['d', 'b'], 4);
    expect(Array.from(some, (image) => split.labels[image]).sort()).to.deep.equal([1, 1, 3, 3]);
  });
});
