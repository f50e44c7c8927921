import { LatencyWindow } from '@easel/sdk/adaptive';
import { expect } from 'chai';

const windowOf = (latencies: readonly number[], { size = 1000, maximumAgeMs = 1e9, kept = 3, every = 10 } = {}) => {
  const window = new LatencyWindow({ size, maximumAgeMs, kept });
  latencies.forEach((latency, i) => {
    window.add(latency, i * every);
  });
  return window;
};

describe('LatencyWindow', () => {
  it('takes percentiles of what is in it', () => {
    const { count, spanMs, p50, p95, tail } = windowOf(Array.from({ length: 100 }, (_, i) => 100 - i)).statistics();
    expect({ count, spanMs, p50, p95, tail }).to.deep.equal({ count: 100, spanMs: 990, p50: 50, p95: 95, tail: 91 });
  });

  it('calls p95 what at most 5 % exceed', () => {
    for (const count of [20, 21, 39, 40, 59, 100, 101, 400]) {
      const latencies = Array.from({ length: count }, (_, i) => i);
      const { p95 } = windowOf(latencies).statistics();
      const exceed = latencies.filter((latency) => latency > p95).length;
      expect(exceed / count).to.be.at.most(0.05);
      expect((exceed + 1) / count).to.be.greaterThan(0.05);
    }
  });

  it('is not moved by two outliers, however short it is', () => {
    const quiet = Array.from({ length: 16 }, () => 1);
    expect(windowOf([...quiet, 50, 60]).statistics()).to.include({ p95: 60, tail: 1 });
    expect(windowOf([...quiet, 50, 60, 70]).statistics().tail).to.equal(50);
  });

  it('sees what is clearly more than 5 %, the sooner the more there is to see', () => {
    const slow = (count: number, share: number) => {
      const latencies = Array.from({ length: count }, (_, i) => (i < share * count ? 9 : 1));
      return windowOf(latencies).statistics().tail;
    };
    expect([slow(100, 0.07), slow(100, 0.1), slow(1000, 0.06), slow(1000, 0.07)]).to.deep.equal([1, 9, 1, 9]);
  });

  it('forgets what is old, but keeps the newest few', () => {
    const window = windowOf([9, 9, 9, 9, 1, 1, 1, 1, 1], { maximumAgeMs: 40 });
    expect(window.statistics()).to.include({ count: 5, p95: 1 });
    const seldom = windowOf([9, 8, 7, 6], { maximumAgeMs: 5 });
    expect(seldom.statistics()).to.include({ count: 3, p95: 8 });
  });

  it('holds no more than its size, the newest', () => {
    const window = windowOf([9, 9, 9, 1, 2, 3, 4], { size: 4 });
    expect(window.statistics()).to.include({ count: 4, p95: 4, p50: 2 });
  });

  it('is full when it holds as many as it ever will, however fast they came', () => {
    const window = new LatencyWindow({ size: 10, maximumAgeMs: 1000, kept: 3 });
    for (let i = 0; i < 9; i++) window.add(0.05, i * 0.05);
    expect(window.statistics().full).to.equal(false);
    window.add(0.05, 0.45);
    expect(window.statistics().full).to.equal(true);
  });

  it('knows what two of them took at least, and what more than 5 % did, three or more', () => {
    const of20 = windowOf(Array.from({ length: 20 }, (_, i) => i + 1)).statistics();
    expect(of20).to.include({ second: 19, wary: 18 });
    const of100 = windowOf(Array.from({ length: 100 }, (_, i) => i + 1)).statistics();
    expect(of100).to.include({ second: 99, wary: 95 });
  });

  it('says nothing when empty or cleared', () => {
    const window = windowOf([1, 2]);
    window.clear();
    const nothing = { count: 0, full: false, spanMs: 0, p50: 0, p95: 0, tail: 0, wary: 0, second: 0 };
    expect(window.statistics()).to.deep.equal(nothing);
    window.add(5, 100);
    expect(window.statistics()).to.include({ count: 1, p50: 5, p95: 5, tail: 5 });
  });
});
