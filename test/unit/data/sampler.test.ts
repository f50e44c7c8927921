import { BatchSampler, type Split } from '@easel/exporter/data';
import { InvalidRequestError } from '@easel/sdk/errors';
import { expect } from 'chai';

function splitOf(sizes: readonly number[]): Split {
  // Interleaved, as in a real split.
  const labels = sizes.flatMap((size, label) => new Array<number>(size).fill(label));
  labels.sort((a, b) => ((a * 7919) % 13) - ((b * 7919) % 13));
  return { size: labels.length, labels: Int32Array.from(labels), read: () => {} };
}

describe('BatchSampler', () => {
  it('gives the same order for the same seed and another for another', () => {
    const split = splitOf([30, 20, 50]);
    const order = (seed: number) => {
      const sampler = new BatchSampler(split, { seed });
      return Array.from({ length: 10 }, () => [...sampler.next(16)]);
    };
    expect(order(1)).to.deep.equal(order(1));
    expect(order(1)).not.to.deep.equal(order(2));
  });

  it('repeats no image of a class before all of them came, whatever classes are asked for', () => {
    const split = splitOf([30, 17, 50, 5]);
    const sampler = new BatchSampler(split, { seed: 3 });
    const requests = [undefined, [0], [1, 2], [3], [0, 3], undefined, [2]];
    const visits = new Array<number>(split.size).fill(0);
    for (let i = 0; i < 200; i++) {
      for (const index of sampler.next(1 + ((i * 5) % 23), requests[i % requests.length])) {
        visits[index] = (visits[index] as number) + 1;
      }
      for (const label of [0, 1, 2, 3]) {
        const ofClass = visits.filter((_, index) => split.labels[index] === label);
        expect(Math.max(...ofClass) - Math.min(...ofClass), `class ${label}`).to.be.at.most(1);
      }
    }
    expect(Math.min(...visits)).to.be.at.least(2);
  });

  it('visits every image once in an epoch of all classes of one size', () => {
    const split = splitOf([40, 40, 40, 40]);
    const sampler = new BatchSampler(split, { seed: 4 });
    const seen = Array.from({ length: 10 }, () => [...sampler.next(16)]).flat();
    expect(new Set(seen).size).to.equal(160);
  });

  it('draws only the classes asked for, each by its share', () => {
    const split = splitOf([300, 100, 200]);
    const sampler = new BatchSampler(split, { seed: 5 });
    const counts = [0, 0, 0];
    for (let i = 0; i < 100; i++) {
      for (const index of sampler.next(10, [0, 1])) {
        const label = split.labels[index] as number;
        counts[label] = (counts[label] as number) + 1;
      }
    }
    expect(counts[2]).to.equal(0);
    expect(counts[0]).to.be.within(735, 765);
  });

  it('draws a class that is named twice as often as if it were named once', () => {
    const split = splitOf([30, 30]);
    const sampler = new BatchSampler(split, { seed: 5 });
    for (let i = 0; i < 20; i++) {
      const ofFirst = sampler.next(10, [0, 0, 1]).filter((index) => split.labels[index] === 0);
      expect(ofFirst.length).to.equal(5);
    }
  });

  it('draws a class its share of the time where that is less than one image of a batch', () => {
    const split = splitOf([10, 90, 100]);
    const sampler = new BatchSampler(split, { seed: 9 });
    let count = 0;
    for (let i = 0; i < 2000; i++) {
      count += sampler.next(4).filter((index) => split.labels[index] === 0).length;
    }
    expect(count).to.be.within(350, 450);
  });

  it('lets any two classes share a small batch', () => {
    const split = splitOf([20, 20, 20, 20]);
    const sampler = new BatchSampler(split, { seed: 10 });
    const pairs = Array.from({ length: 200 }, () =>
      [...sampler.next(2)]
        .map((i) => split.labels[i])
        .sort()
        .join('-'),
    );
    expect([...new Set(pairs)].sort()).to.deep.equal(['0-1', '0-2', '0-3', '1-2', '1-3', '2-3']);
  });

  it('mixes the classes of a batch', () => {
    const split = splitOf([50, 50]);
    const sampler = new BatchSampler(split, { seed: 11 });
    const changes = Array.from({ length: 50 }, () => {
      const labels = [...sampler.next(10)].map((index) => split.labels[index]);
      return labels.filter((label, i) => i > 0 && label !== labels[i - 1]).length;
    });
    // One where classes come one after the other; in random order, five in nine.
    expect(changes.reduce((sum, each) => sum + each) / 50).to.be.within(4, 6);
  });

  it('shuffles every class and every epoch anew', () => {
    const split = splitOf([40, 40]);
    const sampler = new BatchSampler(split, { seed: 12 });
    const byClass = [0, 1].map((label) => [...split.labels.keys()].filter((index) => split.labels[index] === label));
    /** An epoch of a class, as places among its images. */
    const epoch = (label: number) => {
      const batch = Array.from({ length: 40 }, () => sampler.next(1, [label])[0] as number);
      return batch.map((index) => byClass[label]?.indexOf(index));
    };
    const orders = [epoch(0), epoch(1), epoch(0)].map(String);
    expect(new Set(orders).size).to.equal(3);
  });

  it('can give more images than the classes have', () => {
    const batch = new BatchSampler(splitOf([3, 2]), { seed: 6 }).next(50, [1]);
    expect(batch.length).to.equal(50);
    expect(new Set(batch).size).to.equal(2);
  });

  it('goes on bit-identically from a state that went through JSON', () => {
    const split = splitOf([30, 17, 50]);
    const sampler = new BatchSampler(split, { seed: 7 });
    for (let i = 0; i < 9; i++) sampler.next(20, i % 2 ? [0, 1] : undefined);
    const restored = BatchSampler.restore(split, JSON.parse(JSON.stringify(sampler.state)));
    for (let i = 0; i < 30; i++) {
      const classes = i % 3 ? [1, 2] : undefined;
      expect([...restored.next(20, classes)]).to.deep.equal([...sampler.next(20, classes)]);
    }
    expect(restored.state).to.deep.equal(sampler.state);
  });

  it('refuses the state of another split', () => {
    const { state } = new BatchSampler(splitOf([30, 17]), { seed: 7 });
    expect(() => BatchSampler.restore(splitOf([30, 18]), state)).to.throw(InvalidRequestError, '30, 18');
  });

  it('refuses classes without an image', () => {
    const sampler = new BatchSampler(splitOf([5, 0, 5]), { seed: 8 });
    expect(() => sampler.next(4, [1])).to.throw(InvalidRequestError, 'classes');
    expect(() => sampler.next(4, [99])).to.throw(InvalidRequestError);
    expect(() => sampler.next(4, [])).to.throw(InvalidRequestError);
  });
});
