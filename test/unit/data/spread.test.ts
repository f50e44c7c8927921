import { openDataset, spreadOverClasses } from '@easel/exporter/data';
import { expect } from 'chai';

const countsOf = (labels: Int32Array, images: Int32Array) => {
  const counts = new Array<number>(Math.max(...labels) + 1).fill(0);
  for (const image of images) counts[labels[image] as number] = (counts[labels[image] as number] as number) + 1;
  return counts;
};

describe('some images of a split', () => {
  it('are of all classes, also where labels come in turn', async () => {
    const { labels } = (await openDataset('glyphs')).validation;
    for (const most of [1000, 1200, 2000, 3000]) {
      const images = spreadOverClasses(labels, most);
      expect(new Set(images).size).to.equal(most);
      const counts = countsOf(labels, images);
      expect(counts).to.have.length(62);
      expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
    }
  });

  it('give each class its share, of its images from the first to the last', () => {
    const labels = Int32Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const images = spreadOverClasses(labels, 30);
    expect(countsOf(labels, images)).to.deep.equal([20, 10]);
    expect([...images]).to.deep.equal([...images].sort((a, b) => a - b));
    expect(images[0]).to.be.at.most(3);
    expect(images.at(-1)).to.be.at.least(84);
  });

  it('are all where as many or more are asked for', () => {
    const labels = Int32Array.of(1, 0, 1, 0);
    for (const most of [4, 5, Number.POSITIVE_INFINITY]) {
      expect([...spreadOverClasses(labels, most)]).to.deep.equal([0, 1, 2, 3]);
    }
  });
});
