import { presetSpace } from '@easel/sdk/space';
import { expectSameLosses } from '../fixtures/same-losses.js';

describe('engines', () => {
  it('train tiny-32 for 20 steps to the same losses', () => expectSameLosses(presetSpace('tiny-32'), 8));
});
