import {
  chooseEstimator,
  latenciesOf,
  type Measurements,
  measureRuns,
  noiseOf,
  type Runner,
} from '@easel/exporter/profiling';
import { Random } from '@easel/sdk/random';
import { type Architecture, countMacs, largestArchitecture, presetSpace, randomArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';

const space = presetSpace('tiny-32');

/** A simulated device with a clock of its own: time in proportion to MACs, times whatever `weather` says. */
class Device {
  time = 0;
  open = 0;
  mostOpen = 0;
  opened = 0;
  readonly now = () => this.time;

  constructor(readonly weather: (time: number) => number) {}

  readonly openSubnet = async (architecture: Architecture): Promise<Runner> => {
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    this.opened++;
    const latency = this.latency(architecture);
    return {
      run: async () => {
        this.time += latency * this.weather(this.time);
      },
      dispose: async () => {
        this.open--;
      },
    };
  };

  latency(architecture: Architecture): number {
    return countMacs(space, architecture, 10) / 1e6;
  }
}

function subnets(count: number): Architecture[] {
  const random = new Random(3);
  return Array.from({ length: count }, () => randomArchitecture(space, random));
}

const reference = largestArchitecture(space);

describe('measureRuns', () => {
  it('runs every subnet as often as asked, over several passes, and the reference in every window', async () => {
    const device = new Device(() => 1);
    const architectures = subnets(50);
    const progress: [number, number][] = [];
    const { runs, references } = await measureRuns(architectures, {
      open: device.openSubnet,
      reference,
      repeats: 30,
      now: device.now,
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(runs.map((ofSubnet) => ofSubnet.length)).to.deep.equal(Array(50).fill(30));
    // Three passes over groups of 20, 20 and 10.
    expect(references).to.have.length(9);
    expect(Math.min(...references.map((window) => window.length))).to.be.at.least(10);
    expect(new Set(runs[0]?.map(({ window }) => window)).size).to.equal(3);
    runs.forEach((ofSubnet, i) => {
      for (const { latencyMs } of ofSubnet) {
        expect(latencyMs).to.be.closeTo(device.latency(architectures[i] as Architecture), 1e-9);
      }
    });
    expect(progress.at(-1)).to.deep.equal([50, 50]);
    expect(progress.map(([done]) => done)).to.deep.equal(progress.map(([done]) => done).sort((a, b) => a - b));
    expect(device.open).to.equal(0);
    expect(device.mostOpen).to.equal(21);
    expect(noiseOf({ runs, references })).to.be.closeTo(0, 1e-9);
  });

  it('measures for about the time given, and every subnet at least once', async () => {
    const device = new Device(() => 1);
    const architectures = subnets(20);
    const options = { open: device.openSubnet, reference, repeats: 1, now: device.now };
    const brief = await measureRuns(architectures, { ...options, seconds: 0.001 });
    expect(brief.runs.map(({ length }) => length)).to.deep.equal(Array(20).fill(10));
    const onePass = device.time;
    await measureRuns(architectures, { ...options, seconds: 3.5 * (onePass / 1000) });
    expect((device.time - onePass) / onePass).to.be.within(3.5, 5);
  });

  it('stops when aborted, with nothing left open', async () => {
    const device = new Device(() => 1);
    const controller = new AbortController();
    const stopped = measureRuns(subnets(100), {
      open: device.openSubnet,
      reference,
      repeats: 10,
      now: device.now,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await stopped.then(
      () => expect.fail('not aborted'),
      (error: Error) => expect(error.message).to.equal('enough'),
    );
    expect(device.open).to.equal(0);
    expect(device.opened).to.equal(21);
  });
});

describe('latency from timed runs', () => {
  const architectures = subnets(60);

  async function measured(weather: (time: number) => number): Promise<{ device: Device; measurements: Measurements }> {
    const device = new Device(weather);
    const options = { open: device.openSubnet, reference, repeats: 40, now: device.now };
    return { device, measurements: await measureRuns(architectures, options) };
  }

  /** The mean relative error against the true latencies, of which a common factor is left out. */
  const errorFor = (device: Device) => (latencies: readonly number[]) => {
    const ratios = latencies.map((latency, i) => latency / device.latency(architectures[i] as Architecture));
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    return ratios.reduce((sum, ratio) => sum + Math.abs(ratio / mean - 1), 0) / ratios.length;
  };

  it('leaves out interruptions by its low quantile', async () => {
    const random = new Random(1);
    const { device, measurements } = await measured(() => (random.float() < 0.3 ? 1 + 10 * random.float() : 1));
    expect(errorFor(device)(latenciesOf(measurements, { quantile: 0.25, steadied: false }))).to.be.below(1e-9);
    expect(noiseOf(measurements)).to.be.above(0.1);
  });

  it('follows a machine that slows down, by the reference', async () => {
    const { device, measurements } = await measured((time) => 1 + time / 20_000);
    const error = errorFor(device);
    expect(error(latenciesOf(measurements, { quantile: 0.25, steadied: true }))).to.be.below(
      error(latenciesOf(measurements, { quantile: 0.25, steadied: false })) / 3,
    );
  });

  it('is taken the usual way on a quiet machine, and by lower quantiles on a busy one', async () => {
    const random = new Random(2);
    const quiet = await measured(() => 1 + 0.01 * random.float());
    expect(chooseEstimator(quiet.measurements, errorFor(quiet.device))).to.include({ quantile: 0.25 });
    const busy = await measured(() => (random.float() < 0.85 ? 1.5 + random.float() : 1 + 0.01 * random.float()));
    const { quantile } = chooseEstimator(busy.measurements, errorFor(busy.device));
    expect(quantile).to.be.below(0.1);
    const taken = latenciesOf(busy.measurements, { quantile, steadied: false });
    expect(errorFor(busy.device)(taken)).to.be.below(0.02);
  });
});
