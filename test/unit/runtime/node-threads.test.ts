import { setTimeout } from 'node:timers/promises';
import { nodeRuntime } from '@easel/sdk/node';
import { randomSupernet, subjectsOf } from '@easel/sdk/profiling';
import { presetSpace } from '@easel/sdk/space';
import { imageInput } from '@easel/sdk/subnet';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

describe('nodeRuntime', () => {
  it('leaves no core busy between two inferences, however many threads they use', async () => {
    const { model, resolution } = subjectsOf(randomSupernet(presetSpace('tiny-32'), 4), [], 4)(-1);
    const session = await nodeRuntime.createSession(model, { threads: 2 });
    try {
      const feeds = { [imageInput]: tensor([1, 3, resolution, resolution]) };
      let idleMs = 0;
      for (let i = 0; i < 10; i++) {
        await session.run(feeds);
        const before = process.cpuUsage();
        await setTimeout(50);
        const { user, system } = process.cpuUsage(before);
        idleMs += (user + system) / 1000;
      }
      // ONNX Runtime's threads would otherwise spin for 30 ms after each run.
      expect(idleMs).to.be.below(80);
    } finally {
      await session.dispose();
    }
  });
});
