import { SessionPool } from '@easel/sdk/runtime';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';

/** Counts how often each key was opened and disposed. */
function counted(idleLimit: number) {
  const pool = new SessionPool(idleLimit);
  const opened: string[] = [];
  const disposed: string[] = [];
  const acquire = (key: string) =>
    pool.acquire(key, async () => {
      opened.push(key);
      return { dispose: async () => void disposed.push(key) };
    });
  return { pool, opened, disposed, acquire };
}

describe('SessionPool', () => {
  it('shares what is open, also while it opens', async () => {
    const { opened, disposed, acquire } = counted(0);
    const [first, second] = await Promise.all([acquire('a'), acquire('a')]);
    expect(first.value).to.equal(second.value);
    expect(opened).to.deep.equal(['a']);
    await first.release();
    await first.release();
    expect(disposed).to.deep.equal([]);
    await second.release();
    expect(disposed).to.deep.equal(['a']);
  });

  it('keeps the last few that nobody uses', async () => {
    const { opened, disposed, acquire } = counted(2);
    for (const key of ['a', 'b', 'c', 'b', 'd']) await (await acquire(key)).release();
    expect(opened).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(disposed).to.deep.equal(['a', 'c']);
    const kept = await acquire('b');
    expect(opened).to.have.length(4);
    await kept.release();
  });

  it('never disposes what is in use, and at the end disposes the rest when it is given back', async () => {
    const { pool, disposed, acquire } = counted(5);
    const used = await acquire('used');
    await (await acquire('idle')).release();
    await pool.close();
    expect(disposed).to.deep.equal(['idle']);
    await used.release();
    expect(disposed).to.deep.equal(['idle', 'used']);
  });

  it('opens again after a failure', async () => {
    const pool = new SessionPool(1);
    const fail = () => Promise.reject(new Error('no memory'));
    const [first, second] = [pool.acquire('a', fail), pool.acquire('a', fail)];
    expect((await rejection(first, Error)).message).to.equal('no memory');
    await rejection(second, Error);
    const lease = await pool.acquire('a', async () => ({ dispose: async () => {} }));
    await lease.release();
  });
});
