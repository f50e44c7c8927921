import { selectLowering } from '@easel/exporter/engine';
import { expect } from 'chai';
import { describeConformance } from './conformance.js';

// Unforced: on a CPU without such kernels the portable lowering comes back, with the reason.
const { lowering, reason } = await selectLowering('');

if (lowering.name !== 'portable') describeConformance(lowering);

describe('selectLowering', () => {
  it('finds a working nchwc lowering on x86-64, and says why it chose what it chose', function () {
    expect(reason).to.match(/blocks of (8|16)/);
    if (process.arch !== 'x64') this.skip();
    expect(lowering.name, reason).to.match(/^nchwc(8|16)$/);
  });

  it('gives the portable lowering when asked for it', async () => {
    expect((await selectLowering('portable')).lowering.name).to.equal('portable');
  });

  it('refuses an unknown name and lists the valid ones', async () => {
    const error = await selectLowering('fast').then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.contain('fast').and.to.contain('portable, nchwc');
  });
});
