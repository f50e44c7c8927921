import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { Simulation } from './simulation.js';

/** Fifteen subnets, each 15 % slower than the one before: 2 to 14.2 ms. */
const predictedMs = Array.from({ length: 15 }, (_, i) => 2 * 1.15 ** i);
const largest = predictedMs.length - 1;
const world = { predictedMs, budgetMs: 16 };

describe('Adaptation policy', () => {
  it('starts with the largest subnet that the table puts within the budget', () => {
    const start = (budgetMs: number) => new Simulation({ ...world, budgetMs, latency: () => 1 }).running;
    expect(start(100)).to.equal(largest);
    expect(start(2)).to.equal(0);
    expect(start(2.3)).to.equal(1);
    expect(start(0.1)).to.equal(0);
  });

  it('leaves a device alone that does what its table says, noise and single outliers included', () => {
    const random = new Random(3);
    const latency = (ms: number) => ms * (random.uniform(0, 1) < 0.03 ? 20 : random.uniform(0.9, 1.1));
    expect(new Simulation({ ...world, latency }).runUntil(120_000).steps).to.deep.equal([]);
  });

  it('goes down at once when the device slows down, and comes back after it has recovered', () => {
    const random = new Random(4);
    const slowdown = (now: number) => (now >= 5000 && now < 15_000 ? 3 : 1);
    const latency = (ms: number, now: number) => ms * slowdown(now) * random.uniform(0.95, 1.05);
    const simulation = new Simulation({ ...world, latency }).runUntil(15_000);
    expect(simulation.steps[0]).to.include({ kind: 'over-budget' });
    expect(simulation.steps[0]?.at).to.be.within(5000, 5700);
    expect(simulation.exceeded(6000, 15_000)).to.be.at.most(0.05);
    // 16 ms / 3 = 5.3 ms by the table, less some headroom: the sixth or seventh subnet.
    expect(simulation.running).to.be.within(4, 6);
    simulation.runUntil(25_000);
    expect(simulation.running).to.be.at.least(largest - 1);
    expect(simulation.steps.length).to.be.at.most(5);
    expect(simulation.exceeded(16_000, 25_000)).to.be.at.most(0.05);
  });

  it('uses a device that is faster than its table', () => {
    const simulation = new Simulation({ ...world, budgetMs: 5, latency: (ms) => ms / 2 });
    const start = simulation.running;
    simulation.runUntil(20_000);
    expect(simulation.running).to.be.greaterThan(start + 2);
    expect(simulation.exceeded(0, 20_000)).to.equal(0);
  });

  it('changes ever more rarely under a load that comes and goes', () => {
    const slowed = (now: number) => now % 5000 < 1500;
    const latency = (ms: number, now: number) => ms * (slowed(now) ? 4 : 1);
    const simulation = new Simulation({ ...world, latency }).runUntil(600_000);
    const between = (from: number, to: number) => simulation.steps.filter(({ at }) => at >= from && at < to).length;
    expect(between(0, 60_000)).to.be.within(2, 30);
    expect(between(540_000, 600_000)).to.be.at.most(8);
    expect(simulation.exceeded(540_000, 600_000)).to.be.at.most(0.05);
  });

  it('keeps 95 % within the budget beside a load that makes inferences lose turns, the long ones more often', () => {
    const loads: ((random: Random, ms: number) => number)[] = [
      (random, ms) => (random.uniform(0, 1) < ms / 25 ? random.uniform(4, 12) : 0),
      (random, ms) => ms * random.uniform(0.5, 1.5) + (random.uniform(0, 1) < ms / 30 ? random.uniform(3, 15) : 0),
      (random, ms) => (random.uniform(0, 1) < ms / 60 ? random.uniform(20, 40) : 0),
    ];
    for (const lost of loads) {
      let [over, back] = [0, 0];
      for (let seed = 1; seed <= 20; seed++) {
        const random = new Random(seed);
        const isLoaded = (now: number) => now >= 3000 && now < 33_000;
        const latency = (ms: number, now: number) =>
          ms * random.uniform(0.95, 1.05) + (isLoaded(now) ? lost(random, ms) : 0);
        // A camera of 25 images per second.
        const simulation = new Simulation({ ...world, latency, pauseMs: 28 }).runUntil(33_000);
        over += simulation.exceeded(6000, 33_000) / 20;
        if (simulation.runUntil(63_000).running >= largest - 3) back++;
      }
      expect(over).to.be.at.most(0.042);
      expect(back).to.be.at.least(15);
    }
  });

  it('settles where the factor differs between subnets', () => {
    // An overhead of 1 ms per call that the table knows nothing of, and preemption that hits long inferences harder.
    const latency = (ms: number) => 1 + ms * (1 + ms / 10);
    const simulation = new Simulation({ ...world, latency }).runUntil(300_000);
    const late = simulation.steps.filter(({ at }) => at > 200_000);
    expect(late.length).to.be.at.most(4);
    expect(simulation.exceeded(200_000, 300_000)).to.be.at.most(0.05);
    expect(simulation.running).to.be.greaterThan(4);
  });

  it('tries again after the longest patience at the latest', () => {
    let slowed = (now: number) => now % 3000 < 1200;
    const latency = (ms: number, now: number) => ms * (slowed(now) ? 5 : 1);
    const simulation = new Simulation({ ...world, latency, options: { longestPatienceMs: 8000 } }).runUntil(300_000);
    expect(simulation.policy.patienceMs).to.be.at.most(8000);
    slowed = () => false;
    simulation.runUntil(340_000);
    expect(simulation.running).to.be.at.least(largest - 1);
    expect(simulation.policy.patienceMs).to.equal(1500);
  });

  it('says once that the smallest subnet is over budget too', () => {
    const latency = (_: number, now: number) => (now < 20_000 ? 50 : 3);
    const simulation = new Simulation({ ...world, latency }).runUntil(20_000);
    expect(simulation.steps.map(({ kind }) => kind).filter((kind) => kind === 'at-smallest')).to.have.length(1);
    expect(simulation.running).to.equal(0);
    simulation.runUntil(40_000);
    expect(simulation.running).to.be.greaterThan(0);
  });

  it('serves an app that asks once a second', () => {
    const latency = (ms: number, now: number) => ms * (now > 60_000 ? 3 : 1);
    const simulation = new Simulation({ ...world, latency, pauseMs: 1000 }).runUntil(60_000);
    expect(simulation.steps).to.deep.equal([]);
    simulation.runUntil(120_000);
    expect(simulation.steps[0]?.at).to.be.within(62_000, 64_500);
    expect(simulation.exceeded(90_000, 120_000)).to.equal(0);
  });

  it('bounds the slowdown that it believes', () => {
    const simulation = new Simulation({ ...world, budgetMs: 1e6, latency: () => 1e-6 }).runUntil(1000);
    expect(simulation.policy.slowdown).to.equal(0.25);
    const stuck = new Simulation({ ...world, latency: () => 1e5 }).runUntil(4e6);
    expect(stuck.policy.slowdown).to.equal(25);
    expect(stuck.running).to.equal(0);
  });

  it('forgets failed steps when the app asks for something else', () => {
    const latency = (ms: number, now: number) => ms * (now % 5000 < 1500 ? 4 : 1);
    const simulation = new Simulation({ ...world, latency }).runUntil(60_000);
    expect(simulation.policy.patienceMs).to.be.at.least(3000);
    simulation.policy.reset();
    expect(simulation.policy.patienceMs).to.equal(1500);
  });
});
