import { host as nodeHost } from '@easel/sdk/node';
import { mostNoise } from '@easel/sdk/profile';
import { autoProfile, randomSupernet } from '@easel/sdk/profiling';
import { presetSpace } from '@easel/sdk/space';
import { host as webHost } from '@easel/sdk/web';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

const space = presetSpace('tiny-32');
const supernet = randomSupernet(space, 4);
const { device, runtime } = someProfile(space);

interface Weather {
  /** Of the runs with as many threads as were asked for, in turn. */
  readonly ms: readonly number[];
  /** Of those with one thread where several were asked for. Default: the same. */
  readonly ofOneThread?: readonly number[];
  readonly threads?: number;
  readonly browser?: string;
}

const setUpMs = 5;

/** Measures a device with a clock of its own, and keeps its notes in memory. */
async function onDevice({ ms, ofOneThread = ms, threads = 1, browser }: Weather, notes = new Map<string, string>()) {
  let visits = 0;
  let time = 0;
  const found = await autoProfile({
    host: {
      ...(browser ? webHost : nodeHost),
      describe: async () => ({ device, runtime: { ...runtime, threads, ...(browser ? { browser } : {}) } }),
      readNote: async (name) => notes.get(name),
      writeNote: async (name, text) => void notes.set(name, text),
    },
    meterWith: (count) => ({
      async time() {
        const times = count === threads ? ms : ofOneThread;
        const ofVisit = Array.from({ length: 20 }, (_, run) => times[run % times.length] as number);
        visits++;
        time += setUpMs + ofVisit.reduce((sum, each) => sum + each, 0);
        return ofVisit;
      },
    }),
    execution: { provider: 'cpu', threads, reasons: [] },
    supernet,
    classes: 4,
    candidates: [],
    cache: true,
    now: () => time,
  });
  return { ...found, visits };
}

describe('autoProfile', () => {
  it('keeps what it measured, but not what a busy machine spoilt', async () => {
    const notes = new Map<string, string>();
    const spoilt = await onDevice({ ms: [0.2, 0.2, 2, 2] }, notes);
    expect(spoilt.profile.measured.noise).to.be.above(mostNoise);
    expect(spoilt.warnings).to.have.length(1);
    expect(spoilt.warnings[0]).to.include('busy machine');
    expect(notes.size).to.equal(0);
    const quiet = await onDevice({ ms: [0.4] }, notes);
    expect(quiet.profile.measured.noise).to.be.below(mostNoise);
    expect(notes.size).to.equal(1);
    const again = await onDevice({ ms: [0.2, 0.2, 2, 2] }, notes);
    expect(again).to.deep.equal({ ...quiet, visits: 0 });
  });

  it('measures anew where the note is damaged, too old, or of an earlier form', async () => {
    const notes = new Map<string, string>();
    const { profile } = await onDevice({ ms: [0.2] }, notes);
    const [name] = [...notes.keys()] as [string];
    const old = { ...profile, measured: { ...profile.measured, date: '2020-01-01T00:00:00.000Z' } };
    for (const text of ['{', JSON.stringify(profile), JSON.stringify({ profile: old, warnings: [] })]) {
      notes.set(name, text);
      expect((await onDevice({ ms: [0.2] }, notes)).visits, text.slice(0, 40)).to.be.above(10);
    }
  });

  it('tells threads that do not keep their speed from a busy machine, and says what to do', async () => {
    const { profile, warnings } = await onDevice({ ms: [0.2, 0.2, 0.3, 0.3], ofOneThread: [0.4], threads: 2 });
    expect(profile.measured.noise).to.be.above(0.3);
    expect(warnings).to.have.length(1);
    expect(warnings[0])
      .to.match(/with 2 threads .* varied by [\d.]+ %, with one thread by 0.0 %/)
      .and.to.include('{ threads: 1 }');
  });

  it('says where several threads are no faster than one', async () => {
    const { warnings } = await onDevice({ ms: [0.6], ofOneThread: [0.4], threads: 2 });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(
      /with 2 threads a subnet of middle size is no faster here than with one \(0.60 ms and 0.40 ms\)/,
    );
  });

  it('runs a few subnets before it trusts the speed that several threads had at an earlier load', async () => {
    const notes = new Map<string, string>();
    const weather = { ms: [0.3], ofOneThread: [0.5], threads: 2 };
    const first = await onDevice(weather, notes);
    expect(first.warnings).to.deep.equal([]);
    const second = await onDevice(weather, notes);
    expect(second.profile).to.deep.equal(first.profile);
    expect(second.visits).to.be.within(3, 15);
    const slower = await onDevice({ ...weather, ms: [0.45] }, notes);
    expect(slower.profile.terms).not.to.deep.equal(first.profile.terms);
    expect(slower.warnings).to.have.length(1);
    expect(slower.warnings[0])
      .to.match(/with 2 threads subnets take 1.50 times as long as at/)
      .and.to.include(first.profile.measured.date)
      .and.to.include('{ correct: true }');
    // It is known now, and said once.
    expect((await onDevice({ ...weather, ms: [0.45] }, notes)).warnings).to.deep.equal([]);
  });

  it('never asks a page for another number of threads than it was started with', async () => {
    const { warnings } = await onDevice({ ms: [0.2], ofOneThread: [5], threads: 2, browser: 'Chromium 140' });
    expect(warnings).to.deep.equal([]);
  });
});
