import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Easel, InfeasibleBudgetError, InvalidRequestError, type LoadOptions } from '@easel/sdk';
import { nodeRuntime } from '@easel/sdk/node';
import { type DeviceProfile, LatencyCorrection, mostNoise, predictLatency } from '@easel/sdk/profile';
import { quantileOf, runtimeMeter } from '@easel/sdk/profiling';
import { largestArchitecture, presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { writeRandomBundle } from '../../fixtures/bundle.js';
import { rejection } from '../../fixtures/rejection.js';
import { scaled } from '../../fixtures/scaled-profile.js';

const space = presetSpace('tiny-32');
const largest = largestArchitecture(space);

describe('Easel on the device at hand', () => {
  let parent: string;
  let directory: string;
  const before_ = process.env.EASEL_CACHE;

  before(async () => {
    ({ parent, directory } = await writeRandomBundle(space));
    process.env.EASEL_CACHE = join(parent, 'cache');
  });
  after(async () => {
    if (before_ === undefined) delete process.env.EASEL_CACHE;
    else process.env.EASEL_CACHE = before_;
    await rm(parent, { recursive: true });
  });

  describe("device: 'auto'", () => {
    it('measures a few subnets, and predicts about what subnets take here', async () => {
      const easel = await Easel.load(directory, { device: 'auto' });
      const { profile } = easel;
      expect(profile?.measured.subnets).to.be.at.most(10);
      expect(profile?.runtime).to.include({ engine: 'onnxruntime-node', threads: 1 });
      const classifier = await easel.specialize({ classes: easel.classes.slice(0, 2), architecture: largest });
      const subject = { model: classifier.toOnnx(), resolution: 32 };
      const measured = quantileOf(await runtimeMeter(nodeRuntime).time(subject), 0.5);
      // The profiles in the bundle are invented, and off by far more than this.
      expect((classifier.predicted.latencyMs as number) / measured).to.be.within(0.4, 2.5);
      await classifier.dispose();
      await easel.dispose();
    });

    /** The date of a profile that is remembered: what a busy machine spoilt is not. */
    async function quietProfile(): Promise<string> {
      for (let attempt = 0; attempt < 10; attempt++) {
        const { measured } = (await loaded('auto')).profile;
        if (measured.noise <= mostNoise) return measured.date;
      }
      throw new Error('this machine is too busy to measure anything on it');
    }

    it('remembers the answer per device and threads, unless told not to', async () => {
      const dateOf = async (options: LoadOptions) => {
        const easel = await Easel.load(directory, { device: 'auto', ...options });
        await easel.dispose();
        return easel.profile?.measured.date;
      };
      const first = await quietProfile();
      expect(await dateOf({})).to.equal(first);
      expect(await dateOf({ threads: 2 })).not.to.equal(first);
      expect(await dateOf({ cache: false })).not.to.equal(first);
      expect(await dateOf({})).to.equal(first);
    });

    it('measures again where what it remembers is damaged', async () => {
      const notes = join(parent, 'cache', 'notes');
      await quietProfile();
      for (const file of await readdir(notes)) await writeFile(join(notes, file), '{"schemaVersion":');
      const easel = await Easel.load(directory, { device: 'auto' });
      expect(easel.profile?.measured.subnets).to.equal(10);
      await easel.dispose();
      await rm(notes, { recursive: true });
    });

    it('says again what was wrong when it measured, and measures again where it was too busy, or a day ago', async () => {
      const notes = join(parent, 'cache', 'notes');
      const told = ['it was windy'];
      const measuredAs = async (changes: Partial<DeviceProfile['measured']>) => {
        const date = await quietProfile();
        for (const file of await readdir(notes)) {
          const { profile } = JSON.parse(await readFile(join(notes, file), 'utf8')) as { profile: DeviceProfile };
          const changed = { ...profile, measured: { ...profile.measured, ...changes } };
          await writeFile(join(notes, file), JSON.stringify({ profile: changed, warnings: told }));
        }
        const { profile, warnings } = await loaded('auto');
        const same = profile.measured.date === (changes.date ?? date);
        if (same) expect(warnings).to.deep.equal(told);
        return same;
      };
      expect(await measuredAs({ noise: 0.3 })).to.equal(true);
      expect(await measuredAs({ noise: mostNoise + 0.1 })).to.equal(false);
      const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
      expect(await measuredAs({ noise: 0.05, date: hoursAgo(23) })).to.equal(true);
      expect(await measuredAs({ date: hoursAgo(25) })).to.equal(false);
    });

    it('stops when aborted', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      expect(
        (await rejection(Easel.load(directory, { device: 'auto', cache: false, signal }), Error)).message,
      ).to.equal('enough');
    });
  });

  it('warns of a profile that was measured with another runtime, naming both', async () => {
    const { space: ofSpace, ...rest } = (await loaded('slow-board')).profile;
    const runtime = { ...rest.runtime, version: '0.9.0', threads: 4 };
    const easel = await Easel.load(directory, { device: { ...rest, space: ofSpace, runtime }, threads: 1 });
    const about = (fact: string) => easel.warnings.find((warning) => warning.includes(` ${fact} `));
    expect(about('version')).to.match(/slow-board .*0\.9\.0.*\d+\.\d+\.\d+/);
    expect(about('threads')).to.match(/threads 4.* 1$/);
    await easel.dispose();
    expect((await loaded('auto')).warnings.filter((warning) => /measured with/.test(warning))).to.deep.equal([]);
  });

  async function loaded(device: string) {
    const easel = await Easel.load(directory, { device });
    await easel.dispose();
    return { profile: easel.profile as DeviceProfile, warnings: easel.warnings };
  }

  describe('correct: true', () => {
    it('scales predictions to what the chosen subnet takes now, within bounds, and says so', async () => {
      const easel = await Easel.load(directory, { device: 'slow-board', correct: true });
      const classifier = await easel.specialize({ classes: easel.classes.slice(0, 2), architecture: largest });
      const { latencyMs, correction } = classifier.predicted;
      expect(correction).to.be.within(0.5, 2);
      const table = predictLatency(easel.profile as NonNullable<typeof easel.profile>, space, largest);
      expect(latencyMs).to.be.closeTo((correction as number) * table, 1e-9);
      await classifier.dispose();
      await easel.dispose();
    });

    it('chooses a smaller subnet where the device is slower than its table', async () => {
      // A table that promises a hundredth of what subnets take: the correction ends at its bound.
      const plain = await Easel.load(directory, { device: 'auto' });
      const dreamt = scaled(plain.profile as DeviceProfile, 0.01);
      const [least, most] = [smallestArchitecture(space), largest].map((each) =>
        predictLatency(dreamt, space, each),
      ) as [number, number];
      const easel = await Easel.load(directory, { device: dreamt, correct: true });
      const classes = easel.classes.slice(0, 2);
      const classifier = await easel.specialize({ classes, budget: { latencyMs: most } });
      expect(classifier.predicted.correction).to.equal(2);
      expect(classifier.predicted.latencyMs).to.be.at.most(most);
      expect(predictLatency(dreamt, space, classifier.architecture)).to.be.at.most(most / 2);
      const error = await rejection(
        easel.specialize({ classes, budget: { latencyMs: 1.5 * least } }),
        InfeasibleBudgetError,
      );
      expect(error.requested).to.be.closeTo(1.5 * least, 1e-9);
      expect(error.minimum).to.be.closeTo(2 * least, 1e-9);
      await classifier.dispose();
      await easel.dispose();
      await plain.dispose();
    });

    it('judges an architecture of the app by what it needs today, too', async () => {
      const plain = await Easel.load(directory, { device: 'auto' });
      // The correction ends at its bound, as above: twice the table.
      const dreamt = scaled(plain.profile as DeviceProfile, 0.01);
      const needs = predictLatency(dreamt, space, largest);
      const easel = await Easel.load(directory, { device: dreamt, correct: true });
      const ask = (latencyMs: number) =>
        easel.specialize({ classes: easel.classes, architecture: largest, budget: { latencyMs } });
      // Found out by running it, and known from then on.
      for (let time = 0; time < 2; time++) {
        const { message } = await rejection(ask(1.5 * needs), InvalidRequestError);
        const [, most, today] = /within the budget of (.*) latencyMs; it needs (.*), got/.exec(message) as string[];
        expect(Number(most)).to.equal(1.5 * needs);
        expect(Number(today)).to.be.closeTo(2 * needs, 1e-9);
      }
      const classifier = await ask(2.5 * needs);
      expect(classifier.architecture).to.deep.equal(largest);
      expect(classifier.predicted.latencyMs).to.be.closeTo(2 * needs, 1e-9);
      await classifier.dispose();
      await easel.dispose();
      await plain.dispose();
    });

    it('is refused where there is nothing to correct', async () => {
      const { message } = await rejection(Easel.load(directory, { correct: true }), InvalidRequestError);
      expect(message).to.equal(
        "correct must be false where there is no device profile to correct (load with { device: 'auto' } or a profile), got true",
      );
      await (await Easel.load(directory, { correct: false })).dispose();
    });

    it('is refused where it is neither true nor false', async () => {
      const options = { correct: 'yes' } as unknown as LoadOptions;
      expect((await rejection(Easel.load(directory, options), InvalidRequestError)).message).to.include(
        'true or false',
      );
    });
  });
});

describe('LatencyCorrection', () => {
  it('is the median of the newest ratios, within bounds', () => {
    const correction = new LatencyCorrection();
    expect(correction.factor).to.equal(1);
    for (const measured of [1.1, 9, 1.2]) correction.observe(measured, 1);
    expect(correction.factor).to.equal(1.2);
    for (let i = 0; i < 9; i++) correction.observe(30, 10);
    expect(correction.factor).to.equal(2);
    for (let i = 0; i < 9; i++) correction.observe(1, 10);
    expect(correction.factor).to.equal(0.5);
    for (const [measured, predicted] of [
      [Number.NaN, 1],
      [1, 0],
      [-1, 1],
    ] as const) {
      correction.observe(measured, predicted);
    }
    expect(correction.factor).to.equal(0.5);
  });
});
