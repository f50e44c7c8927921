import {
  chooseEstimator,
  clockResolution,
  quantileOf,
  reference,
  runtimeMeter,
  settle,
  steadinessOf,
  steadyLatencies,
  typicalLatencies,
  typicalLevel,
  usualLatencies,
  type VisitTimes,
  visitAll,
} from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { SimulatedDevice } from './simulated-device.js';

/** Stand-ins for subnets: what they take on the simulated device is their length / 1000 ms. */
const lengths = Array.from({ length: 60 }, (_, i) => 150 + 13 * i);
const subject = (subnet: number) => ({
  model: new Uint8Array(subnet === reference ? 400 : (lengths[subnet] as number)),
  resolution: 8,
});

async function measured(weather: (time: number) => number, passes = 5): Promise<VisitTimes[]> {
  const device = new SimulatedDevice(weather);
  const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
  const random = new Random(1);
  const visits: VisitTimes[] = [];
  for (let pass = 0; pass < passes; pass++) {
    visits.push(...(await visitAll(lengths.length, subject, pass * 5, { meter, random })));
  }
  return visits;
}

/** The mean relative error of latencies against the true ones, of which a common factor is left out. */
function error(latencies: readonly number[]): number {
  const ratios = latencies.map((latency, i) => (1000 * latency) / (lengths[i] as number));
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return ratios.reduce((sum, ratio) => sum + Math.abs(ratio / mean - 1), 0) / ratios.length;
}

describe('runtimeMeter', () => {
  it('times every run after the warm-up, with one session open, and closes it', async () => {
    const device = new SimulatedDevice();
    const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
    const times = await meter.time(subject(0), { warmUps: 3, least: 4, most: 4, ms: 0 });
    expect(times).to.have.length(4);
    for (const time of times) expect(time).to.be.closeTo(0.15, 1e-9);
    expect(device.time).to.be.closeTo(7 * 0.15, 1e-9);
    expect([device.open, device.mostOpen]).to.deep.equal([0, 1]);
  });

  it('ends a visit after its time, but not before its least number of runs', async () => {
    const device = new SimulatedDevice();
    const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
    const visit = { warmUps: 0, least: 3, most: 100, ms: 0.95 };
    expect(await meter.time({ model: new Uint8Array(100), resolution: 8 }, visit)).to.have.length(10);
    expect(await meter.time({ model: new Uint8Array(5000), resolution: 8 }, visit)).to.have.length(3);
  });

  it('times several runs in one stretch where the clock is blurred', async () => {
    const device = new SimulatedDevice();
    const blurred = () => Math.floor(device.time / 0.1) * 0.1;
    const meter = runtimeMeter(device, { now: blurred, resolutionMs: 0.1 });
    const times = await meter.time(subject(0), { warmUps: 0, least: 30, most: 100, ms: 0 });
    expect(times.length).to.be.at.least(30);
    for (const time of times) expect(time / 0.15).to.be.closeTo(1, 0.03);
  });

  it('closes the session of a subnet that fails', async () => {
    let disposed = 0;
    const meter = runtimeMeter({
      createSession: async () => ({
        run: () => Promise.reject(new Error('no memory')),
        dispose: async () => {
          disposed++;
        },
      }),
    });
    await meter.time(subject(0)).then(
      () => expect.fail('did not fail'),
      ({ message }: Error) => expect(message).to.equal('no memory'),
    );
    expect(disposed).to.equal(1);
  });

  it('finds out how fine the clock is', () => {
    let reads = 0;
    expect(clockResolution(() => Math.floor(reads++ / 10) * 0.1)).to.be.closeTo(0.1, 1e-9);
    expect(clockResolution(() => 5)).to.equal(1);
    expect(clockResolution()).to.be.within(0, 0.2);
  });
});

describe('visitAll', () => {
  it('visits every subnet once, in another order each time, and the reference in every window', async () => {
    const visits = await measured(() => 1, 2);
    const orders = [0, 1].map((pass) =>
      visits.filter(({ window }) => Math.floor(window / 5) === pass).map(({ subnet }) => subnet),
    );
    for (const order of orders) {
      expect(order.filter((subnet) => subnet !== reference).sort((a, b) => a - b)).to.deep.equal([...lengths.keys()]);
    }
    expect(orders[0]).not.to.deep.equal(orders[1]);
    const windows = visits.filter(({ subnet }) => subnet === reference).map(({ window }) => window);
    expect(windows).to.deep.equal([...Array(10).keys()]);
    expect(steadinessOf(visits).noise).to.be.closeTo(0, 1e-9);
  });

  it('stops when aborted, with nothing left open', async () => {
    const device = new SimulatedDevice();
    const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    const onVisit = (done: number) => done === 7 && controller.abort(new Error('enough'));
    await visitAll(60, subject, 0, { meter, random: new Random(1), signal, onVisit }).then(
      () => expect.fail('not aborted'),
      ({ message }: Error) => expect(message).to.equal('enough'),
    );
    expect(device.open).to.equal(0);
  });
});

describe('settle', () => {
  const visit = { warmUps: 0, least: 5, most: 5, ms: 0 };
  const settled = async (weather: (time: number) => number, ms = { least: 0, most: 1000 }) => {
    const device = new SimulatedDevice(weather);
    const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
    await settle(subject(reference), { meter, visit, now: device.now, ms });
    return device.time;
  };

  it('runs a subnet until it no longer gets faster', async () => {
    expect(await settled(() => 1)).to.be.closeTo(4 * 5 * 0.4, 1e-9);
    expect(await settled((time) => (time < 40 ? 3 - time / 20 : 1))).to.be.within(40, 55);
  });

  it('waits while everything is slower than the first visit was', async () => {
    // Compiling takes the cores away soon after the page has begun.
    expect(await settled((time) => (time > 1 && time < 60 ? 2 : 1))).to.be.within(60, 75);
  });

  it('takes the least time, and gives up after the most', async () => {
    expect(await settled(() => 1, { least: 50, most: 1000 })).to.be.within(50, 53);
    expect(await settled((time) => 1 / (1 + time), { least: 0, most: 3 })).to.be.within(3, 5);
  });

  it('stops when aborted', async () => {
    const device = new SimulatedDevice();
    const meter = runtimeMeter(device, { now: device.now, resolutionMs: 0 });
    const signal = AbortSignal.abort(new Error('enough'));
    await settle(subject(0), { meter, now: device.now, ms: { least: 0, most: 1000 }, signal }).then(
      () => expect.fail('not aborted'),
      ({ message }: Error) => expect(message).to.equal('enough'),
    );
    expect(device.time).to.equal(0);
  });
});

describe('latencies from visits', () => {
  it('are typical ones: the median run, whatever a fast moment would allow', async () => {
    // Fast for the first fifth of the time, then slow: what an application will mostly see is slow.
    const visits = await measured((time) => (time < 1500 ? 1 : 1.4));
    const typical = typicalLatencies(visits, lengths.length);
    const ratios = typical.map((latency, i) => (1000 * latency) / (lengths[i] as number));
    expect(quantileOf(ratios, 0.5)).to.be.closeTo(1.4, 0.01);
    // So is the level of a shape that was taken from the fastest runs.
    const steady = steadyLatencies(visits, lengths.length, { quantile: 0, steadied: true });
    const level = typicalLevel(steady, typical);
    expect(
      quantileOf(
        steady.map((latency, i) => (1000 * level * latency) / (lengths[i] as number)),
        0.5,
      ),
    ).to.be.closeTo(1.4, 0.02);
  });

  it('leave out interruptions by a low quantile', async () => {
    const random = new Random(1);
    const visits = await measured(() => (random.float() < 0.45 ? 1 + 10 * random.float() : 1));
    expect(error(steadyLatencies(visits, 60, { quantile: 0.1, steadied: false }))).to.be.below(1e-9);
    expect(error(steadyLatencies(visits, 60, { quantile: 0.5, steadied: false }))).to.be.above(0.01);
    expect(steadinessOf(visits).noise).to.be.above(0.1);
  });

  it('follow a machine whose speed wanders', async () => {
    const visits = await measured((time) => 1 + 0.4 * Math.sin(time / 300));
    const steadied = error(steadyLatencies(visits, 60, { quantile: 0.5, steadied: true }));
    expect(steadied).to.be.below(error(steadyLatencies(visits, 60, { quantile: 0.5, steadied: false })) / 3);
    expect(steadied).to.be.below(0.02);
  });

  it('at the usual speed: what other subnets took meanwhile tells which moments were slow', async () => {
    // Either usual or a third slower, for some windows each, so that most visits of some subnets are slow.
    const weather = (time: number) => (Math.floor(time / 170) % 5 < 2 ? 1.35 : 1);
    const visits = await measured(weather);
    const worst = (latencies: readonly number[]) =>
      Math.max(...latencies.map((latency, i) => Math.abs((1000 * latency) / (lengths[i] as number) - 1)));
    expect(worst(typicalLatencies(visits, 60))).to.be.above(0.3);
    expect(worst(usualLatencies(visits, 60))).to.be.below(0.06);
    expect(worst(usualLatencies(visits, 60, 40))).to.be.below(0.06);
    // The last twenty are judged, and judge nothing: however long they took, the others stay as they were.
    const longer = visits.map((each) =>
      each.subnet < 40 ? each : { ...each, times: each.times.map((ms) => ms * (1 + (each.subnet % 3))) },
    );
    const [before, after] = [visits, longer].map((each) => usualLatencies(each, 60, 40));
    before?.forEach((latency, i) => {
      expect((after as number[])[i]).to.be.closeTo(latency * (i < 40 ? 1 : 1 + (i % 3)), 1e-9);
    });
  });

  it('are taken the usual way on a quiet machine, and otherwise on a busy one', async () => {
    const random = new Random(2);
    const quiet = await measured(() => 1 + 0.01 * random.float());
    expect(chooseEstimator(quiet, 60, error)).to.deep.equal({ quantile: 0.5, steadied: false });
    const busy = await measured(() => (random.float() < 0.8 ? 1.5 + random.float() : 1 + 0.01 * random.float()));
    const estimator = chooseEstimator(busy, 60, error);
    expect(estimator.quantile).to.be.below(0.25);
    expect(error(steadyLatencies(busy, 60, estimator))).to.be.below(0.03);
  });
});
