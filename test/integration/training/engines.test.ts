import { expectSameLosses } from '../../fixtures/same-losses.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';

describe('engines', function () {
  this.timeout(120_000);

  // With tiny-32 it takes minutes: see test/slow/engines.slow.ts.
  it('train a small space for 20 steps to the same losses', () => expectSameLosses(plainSpace, 4));
});
