import { priorityWarning } from '@easel/exporter/profiling';
import { expect } from 'chai';

describe('what a priority means for measuring', () => {
  it('nothing at the normal one, or with one thread', () => {
    expect(priorityWarning(4, 0)).to.equal(undefined);
    expect(priorityWarning(1, -15)).to.equal(undefined);
  });

  it('a warning that names it otherwise', () => {
    expect(priorityWarning(2, -15)).to.include('raised priority (nice -15').and.include('2 threads');
    expect(priorityWarning(4, 10)).to.include('lowered priority (nice 10').and.include('4 threads');
  });
});
