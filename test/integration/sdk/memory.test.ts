import { rm } from 'node:fs/promises';
import { Easel } from '@easel/sdk';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { writeRandomBundle } from '../../fixtures/bundle.js';

describe('Classifiers', () => {
  it('give their memory back: 200 of them, one after the other', async function () {
    this.timeout(120_000);
    const { parent, directory } = await writeRandomBundle(presetSpace('tiny-32'));
    const easel = await Easel.load(directory);
    const image = { data: new Uint8Array(32 * 32 * 3), width: 32, height: 32, channels: 3 } as const;
    const cycle = async (macs: number) => {
      const classifier = await easel.specialize({ tasks: ['everything'], budget: { macs } });
      await classifier.classify(image);
      await classifier.dispose();
    };
    // The first ones fill caches and arenas.
    for (let i = 0; i < 30; i++) await cycle(2e6 + i * 1e5);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200; i++) await cycle(2e6 + (i % 30) * 1e5);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    await easel.dispose();
    await rm(parent, { recursive: true });
    // A session holds its model, 0.2 to 0.6 MiB, twice: 200 leaked ones would be far beyond this.
    expect(grown).to.be.lessThan(40);
  });
});
