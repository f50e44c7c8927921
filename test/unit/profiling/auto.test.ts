import { mostNoise } from '@easel/sdk/profile';
import { autoProfile, randomSupernet } from '@easel/sdk/profiling';
import { presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

const space = presetSpace('tiny-32');
const { device, runtime } = someProfile(space);

/** Measures a device whose runs take these times in turn, and keeps its notes in memory. */
function onDevice(runMs: readonly number[], notes: Map<string, string>) {
  let runs = 0;
  const session = {
    run: async () => {
      const end = performance.now() + (runMs[runs++ % runMs.length] as number);
      while (performance.now() < end);
      return {};
    },
    dispose: async () => {},
  };
  const host = {
    runtime: {
      name: 'simulated',
      start: async () => ({ provider: 'cpu' as const, threads: 1, reasons: [] }),
      createSession: async () => session,
      version: async () => '1',
    },
    describe: async () => ({ device, runtime }),
    readNote: async (name: string) => notes.get(name),
    writeNote: async (name: string, text: string) => void notes.set(name, text),
  };
  const execution = { provider: 'cpu' as const, threads: 1, reasons: [] };
  return autoProfile({ host, execution, supernet: randomSupernet(space, 4), classes: 4, candidates: [], cache: true });
}

describe('autoProfile', () => {
  it('keeps what it measured, but not what a busy machine spoilt', async () => {
    const notes = new Map<string, string>();
    const spoilt = await onDevice([0.2, 0.2, 2, 2], notes);
    expect(spoilt.measured.noise).to.be.above(mostNoise);
    expect(notes.size).to.equal(0);
    const quiet = await onDevice([0.4], notes);
    expect(quiet.measured.noise).to.be.below(mostNoise);
    expect([...notes.values()].map((note) => JSON.parse(note))).to.deep.equal([quiet]);
    expect(await onDevice([0.2, 0.2, 2, 2], notes)).to.deep.equal(quiet);
  });
});
