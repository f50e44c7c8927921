import { percentileInterval } from '@easel/exporter/evaluation';
import { expect } from 'chai';

describe('percentileInterval', () => {
  it('leaves out as many values below as above', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
    expect(percentileInterval(values)).to.deep.equal([25, 974]);
    expect(values[1]).to.equal(7);
    expect(percentileInterval([3])).to.deep.equal([3, 3]);
  });
});
