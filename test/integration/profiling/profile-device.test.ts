import { profileThisMachine } from '@easel/exporter/profiling';
import { parseProfile, predictLatency } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { randomArchitecture, type SearchSpace } from '@easel/sdk/space';
import { expect } from 'chai';

/** Few terms, and subnets that differ by far more than a busy machine's noise. */
const space: SearchSpace = {
  name: 'two-units',
  version: 1,
  resolutions: [48],
  stem: { channels: 16, stride: 2, activation: 'relu' },
  units: [16, 48].map((channels) => ({
    channels,
    stride: 1,
    activation: 'relu',
    squeezeExcite: false,
    depths: [1, 3],
    kernels: [3],
    expandRatios: [2, 6],
  })),
  head: { channels: 64, activation: 'relu' },
};

describe('profileThisMachine', function () {
  this.timeout(120_000);

  it('measures this machine: a well-formed profile that predicts unseen subnets better than a constant does', async () => {
    const progress: number[] = [];
    const profile = await profileThisMachine(space, {
      classes: 5,
      subnets: 20,
      heldOut: 10,
      passes: { least: 3, most: 3 },
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(parseProfile(JSON.parse(JSON.stringify(profile)), space)).to.deep.equal(profile);
    expect(profile.measured).to.include({ subnets: 20 });
    // Three visits of at least five runs.
    expect(profile.measured.repeats).to.be.at.least(15);
    expect(profile.measured.others).to.be.at.least(0);
    expect(profile.runtime).to.include({ engine: 'onnxruntime-node', threads: 1 });
    expect(profile.space.classes).to.equal(5);
    expect(progress.at(-1)).to.equal(1);
    const random = new Random(1);
    const predicted = Array.from({ length: 100 }, () =>
      predictLatency(profile, space, randomArchitecture(space, random)),
    );
    expect(Math.min(...predicted)).to.be.above(0);
    expect(profile.error.subnets).to.equal(10);
    expect(profile.error.medianRelative).to.be.below(errorOfBestConstant(predicted) / 2);
  });

  it('stops when aborted', async () => {
    const controller = new AbortController();
    const stopped = profileThisMachine(space, {
      subnets: 30,
      heldOut: 0,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await stopped.then(
      () => expect.fail('not aborted'),
      (error: Error) => expect(error.message).to.equal('enough'),
    );
  });
});

/** The median relative error of whichever single number predicts these latencies best. */
function errorOfBestConstant(latencies: readonly number[]): number {
  const errors = latencies.map((constant) => {
    const relative = latencies.map((latency) => Math.abs(constant / latency - 1)).sort((a, b) => a - b);
    return relative[relative.length >> 1] as number;
  });
  return Math.min(...errors);
}
