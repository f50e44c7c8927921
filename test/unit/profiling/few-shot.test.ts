import { adaptProfile, adaptTerms, distinct, predict, type Sample, TermLayout } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import { countMacs, macsTable, parseArchitecture, presetSpace } from '@easel/sdk/space';
import { expect } from 'chai';
import { someProfile } from '../profile/some-profile.js';

const space = presetSpace('mobile-32');
const layout = new TermLayout(space);
const macs = layout.valuesOf(macsTable(space, 10));

function device(random: Random, call: number, perBlock: number, perMac: number): Float64Array {
  return macs.map((count, i) => (layout.isBase[i] ? call : perBlock * random.uniform(0.5, 1.5)) + perMac * count);
}

function measured(terms: Float64Array, count: number, seed: number, noise = 0): Sample[] {
  const random = new Random(seed);
  return distinct(space, count, random).map((architecture) => {
    const row = layout.row(architecture);
    return { row, latencyMs: predict(terms, row) * (1 + noise * random.normal()) };
  });
}

/** The largest relative error on unseen subnets. */
const worst = (terms: Float64Array, truth: Float64Array) =>
  Math.max(...measured(truth, 100, 9).map(({ row, latencyMs }) => Math.abs(predict(terms, row) / latencyMs - 1)));

describe('adaptTerms', () => {
  const known = device(new Random(1), 0.05, 0.01, 2e-8);

  it('recovers a device that is the known one at another speed, whatever its unit', () => {
    const slower = known.map((term) => 3.7 * term);
    const { terms, score } = adaptTerms(measured(slower, 10, 2), known, macs, layout.isBase);
    expect(worst(terms, slower)).to.be.below(1e-3);
    expect(score).to.be.below(1e-3);
  });

  it('recovers another cost of calls, of blocks and of arithmetic from ten noisy subnets', () => {
    const other = known.map((term, i) => 1.4 * term + (layout.isBase[i] ? 0.08 : 0.012) + 1.5e-8 * (macs[i] as number));
    const samples = measured(other, 10, 3, 0.01);
    const { terms } = adaptTerms(samples, known, macs, layout.isBase);
    expect(worst(terms, other)).to.be.below(0.06);
    const scale = samples.reduce((sum, { row, latencyMs }) => sum + latencyMs / predict(known, row), 0) / 10;
    expect(worst(terms, other)).to.be.below(
      worst(
        known.map((term) => term * scale),
        other,
      ),
    );
  });
});

describe('adaptProfile', () => {
  const { device: facts, runtime } = someProfile(space);
  const deviceOf = (terms: Float64Array) => {
    const seen = new Set<string>();
    return {
      seen,
      name: 'new-device',
      device: facts,
      runtime,
      classes: 10,
      /** Takes what the terms say of the architecture that the model names. */
      meter: {
        async time({ model }: { model: Uint8Array }) {
          const text = new TextDecoder().decode(model);
          const [, name] = /mobile-32 (32:[\dx,/]+)/.exec(text) as unknown as [string, string];
          seen.add(name);
          return [predict(terms, layout.row(parseArchitecture(space, name)))];
        },
      },
    };
  };

  it('takes the nearest of the known devices, measures at most ten subnets, and says whence and how well', async () => {
    const { randomSupernet } = await import('@easel/sdk/profiling');
    const near = device(new Random(1), 0.05, 0.01, 2e-8);
    const far = device(new Random(2), 0.01, 0.06, 1e-9);
    const candidates = [far, near].map((terms, i) => ({
      ...someProfile(space),
      name: ['far', 'near'][i] as string,
      terms: layout.toTerms(terms),
    }));
    const { seen, ...unknown } = deviceOf(near.map((term) => 0.6 * term));
    const profile = await adaptProfile(
      space,
      { ...unknown, candidates, supernet: randomSupernet(space, 10) },
      { ms: 1 },
    );
    expect(profile.measured.adaptedFrom).to.equal('near');
    expect(profile.name).to.equal('new-device');
    expect(profile.error).to.include({ subnets: 10, within5: 1 });
    // The reference is the eleventh that is run.
    expect(seen.size).to.be.at.most(11);
    expect(profile.terms[0]?.base).to.be.closeTo(0.6 * (near[0] as number), 1e-3);
  });

  it('sits out the first second of a page, in which several threads share cores with compilers', async () => {
    const { predictLatency } = await import('@easel/sdk/profile');
    const { randomSupernet } = await import('@easel/sdk/profiling');
    const truth = device(new Random(1), 0.05, 0.01, 2e-8);
    const candidates = [{ ...someProfile(space), terms: layout.toTerms(truth) }];
    const { seen: _, meter, ...unknown } = deviceOf(truth);
    const adaptIn = async (browserRuntime: Partial<typeof runtime>) => {
      let clock = 0;
      let visits = 0;
      const compiled = {
        async time(subject: { model: Uint8Array }) {
          clock += 40;
          // The first visit is fast, then two of three are slow.
          const slow = clock < 950 && visits++ % 3 > 0;
          return (await meter.time(subject)).map((ms) => (slow ? 1.8 : 1) * ms);
        },
      };
      const { measured, ...profile } = await adaptProfile(
        space,
        {
          ...unknown,
          runtime: { ...runtime, ...browserRuntime },
          meter: compiled,
          candidates,
          supernet: randomSupernet(space, 10),
        },
        { now: () => clock },
      );
      const architecture = parseArchitecture(space, '32:5x4,5x4/3x2/3x2,3x2/5x4');
      const predicted = predictLatency({ measured, ...profile }, space, architecture);
      return { level: predicted / predict(truth, layout.row(architecture)), seconds: measured.seconds as number };
    };
    const threaded = await adaptIn({ browser: 'Chromium 140', threads: 2 });
    expect(threaded.level).to.be.closeTo(1, 0.01);
    expect(threaded.seconds).to.be.within(2, 4.1);
    const single = await adaptIn({ browser: 'Chromium 140', threads: 1 });
    expect(single.level).to.be.closeTo(1, 0.01);
    expect(single.seconds).to.be.within(2, 2.6);
    // Elsewhere nobody has to wait so long.
    expect((await adaptIn({ threads: 2 })).seconds).to.be.below(1.3);
  });

  it('makes do without any known device', async () => {
    const { randomSupernet } = await import('@easel/sdk/profiling');
    const truth = macs.map((count) => 0.01 + 1e-8 * count);
    const { seen: _, ...unknown } = deviceOf(truth);
    const profile = await adaptProfile(
      space,
      { ...unknown, candidates: [], supernet: randomSupernet(space, 10) },
      { ms: 1 },
    );
    expect(profile.measured.adaptedFrom).to.equal(undefined);
    const architecture = parseArchitecture(space, '32:5x4,5x4/3x2/3x2,3x2/5x4');
    const { predictLatency } = await import('@easel/sdk/profile');
    const expected = predict(truth, layout.row(architecture));
    expect(countMacs(space, architecture, 10)).to.be.above(0);
    expect(predictLatency(profile, space, architecture) / expected).to.be.closeTo(1, 0.03);
  });
});
