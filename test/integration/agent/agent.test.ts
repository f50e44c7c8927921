import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  connectAgent,
  type GridCase,
  type GridResult,
  gridAsJunit,
  measureGrid,
  startAgent,
} from '@easel/exporter/agent';
import { AgentError, DeviceError } from '@easel/exporter/errors';
import { randomSupernet, type Subject, subjectsOf } from '@easel/sdk/profiling';
import { presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { spawnAgent, stop } from '../../hil/device.js';

const space = presetSpace('tiny-32');
const subject = subjectsOf(randomSupernet(space, 4), [smallestArchitecture(space)], 4)(0);
const visit = { warmUps: 1, least: 5, most: 5, ms: 0 };
const caseOf = (task: string): GridCase => ({
  task,
  budgetMs: 1e6,
  choose: async () => ({ architecture: 'any', predictedMs: 1e6, subject }),
});

describe('easel agent', function () {
  this.timeout(60_000);

  it('times the models of its client, in a process of its own', async () => {
    const { process: agent, url } = await spawnAgent(['--threads', '2'], { oneCore: true });
    try {
      const { meter, runtime, device, release } = await connectAgent(url);
      expect(runtime).to.include({ engine: 'onnxruntime-node', threads: 2 });
      expect(device.cores).to.be.at.least(1);
      const times = await meter.time(subject, visit);
      expect(times).to.have.length(5);
      for (const time of times) expect(time).to.be.within(0.001, 1000);
      await release();
    } finally {
      await stop(agent);
    }
  });

  it('refuses a second client until the first is done', async () => {
    const agent = await startAgent();
    try {
      const first = await connectAgent(agent.url);
      expect((await rejection(connectAgent(agent.url), AgentError)).message).to.include('another client');
      await first.release();
      await connectAgent(agent.url);
    } finally {
      await agent.close();
    }
  });

  it('takes a second client once the first was silent for long, and tells the first so', async () => {
    const agent = await startAgent({ idleSeconds: 0.05 });
    try {
      const first = await connectAgent(agent.url);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await connectAgent(agent.url);
      expect((await rejection(first.meter.time(subject, visit), AgentError)).message).to.include('claim');
    } finally {
      await agent.close();
    }
  });

  it('wants its token, and listens to others only with one', async () => {
    const agent = await startAgent({ token: 's3cret' });
    try {
      for (const token of [undefined, 'wrong', 's3cre', 's3crets']) {
        expect((await rejection(connectAgent(agent.url, { token }), AgentError)).message).to.include('token');
      }
      const { release } = await connectAgent(agent.url, { token: 's3cret' });
      await release();
    } finally {
      await agent.close();
    }
    expect((await rejection(startAgent({ host: '0.0.0.0' }), DeviceError)).message).to.match(/0\.0\.0\.0.*--token/);
    expect(agent.url).to.match(/^http:\/\/127\.0\.0\.1:/);
  });

  it('answers no web page, not even one whose name was made to lead here', async () => {
    const ask = async (url: string, headers: Record<string, string>) => {
      const asked = request(new URL('/claim', url), { method: 'POST', headers }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    const origin = { Origin: 'http://evil.example' };
    const open = await startAgent();
    const guarded = await startAgent({ token: 's3cret' });
    try {
      const { port } = new URL(open.url);
      for (const Host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost@evil.example'])
        expect(await ask(open.url, { Host }), Host).to.equal(403);
      for (const Host of [`localhost:${port}`, `[::1]:${port}`, `127.0.0.1:${port}`]) {
        expect(await ask(open.url, { Host, ...origin }), Host).to.equal(403);
        expect(await ask(open.url, { Host }), Host).to.be.oneOf([200, 409]);
      }
      const Authorization = 'Bearer s3cret';
      expect(await ask(guarded.url, { Authorization, ...origin })).to.equal(403);
      expect(await ask(guarded.url, { Authorization, Host: 'board:7420' })).to.equal(200);
    } finally {
      await open.close();
      await guarded.close();
    }
  });

  it('takes an empty token for none, and shows an address that another machine can open', async () => {
    expect((await rejection(startAgent({ host: '0.0.0.0', token: '' }), DeviceError)).message).to.include('--token');
    const agent = await startAgent({ host: '0.0.0.0', token: 's3cret' });
    try {
      expect(new URL(agent.url).hostname).not.to.equal('0.0.0.0');
      const { release } = await connectAgent(agent.url, { token: 's3cret' });
      await release();
    } finally {
      await agent.close();
    }
  });

  it('says what is wrong with a model, and goes on', async () => {
    const agent = await startAgent();
    try {
      const { meter } = await connectAgent(agent.url);
      const broken: Subject = { model: new Uint8Array([1, 2, 3]), resolution: 32 };
      expect((await rejection(meter.time(broken, visit), AgentError)).message).to.include('cannot be timed');
      const odd = { ...visit, most: -1 };
      expect((await rejection(meter.time(subject, odd), AgentError)).message).to.include('most must be a whole number');
      expect(await meter.time(subject, visit)).to.have.length(5);
    } finally {
      await agent.close();
    }
  });

  it('that dies in the middle is a clear error, and what was measured before is kept', async () => {
    const { process: agent, url } = await spawnAgent();
    const { meter } = await connectAgent(url);
    const results: GridResult[] = [];
    const error = await rejection(
      measureGrid(['a', 'b', 'c', 'd'].map(caseOf), meter, (result) => {
        results.push(result);
        if (results.length === 2) agent.kill('SIGKILL');
      }),
      AgentError,
    );
    expect(error.message).to.include(url).and.to.include('does not answer');
    expect(results.map(({ task }) => task)).to.deep.equal(['a', 'b']);
    const xml = gridAsJunit('<hil>', results, error);
    expect(xml).to.include('tests="3" failures="0" errors="1"').and.to.include('&lt;hil&gt;');
  });

  it('is told apart from what is none', async () => {
    for (const url of ['board', 'ftp://board', '']) {
      expect((await rejection(connectAgent(url), AgentError)).message).to.include('http://192.168.1.20:7420');
    }
    const nobody = await rejection(connectAgent('http://127.0.0.1:9'), AgentError);
    expect(nobody.message).to.include('does not answer');
  });
});

describe('measureGrid', () => {
  /** Takes what its subnet was predicted to, times a factor that may change from visit to visit. */
  const budgets = (budgetsMs: readonly number[], slowness: (visit: number) => number) => {
    let visits = 0;
    let predicted = 0;
    const limits: number[] = [];
    const cases = budgetsMs.map((budgetMs) => ({
      task: `${budgetMs}`,
      budgetMs,
      choose: async (latencyMs: number) => {
        limits.push(latencyMs);
        // Subnets come in steps, of which the smallest is 0.8 ms.
        predicted = Math.max(0.8, Math.floor(latencyMs * 10) / 10);
        return { architecture: 'any', predictedMs: predicted, subject };
      },
    }));
    return { cases, limits, meter: { time: async () => [predicted * slowness(visits++)] } };
  };

  it('chooses for a case over its budget again, and fails those that stay over', async () => {
    // Slow for the first five visits; the second case asks for what no subnet is.
    const { cases, meter } = budgets([1, 0.7], (visit) => (visit < 5 ? 3 : 1));
    const results: GridResult[] = [];
    await measureGrid(cases, meter, (result) => results.push(result), { correct: false });
    expect(results.map(({ measuredMs, attempts, holds }) => [measuredMs, attempts, holds])).to.deep.equal([
      [1, 2, true],
      [0.8, 4, false],
    ]);
    const xml = gridAsJunit('hil', results);
    expect(xml).to.include('tests="2" failures="1" errors="0"').and.to.include('<failure message="over the budget">');
  });

  it('does not take one case in a bad moment, however often it is tried, for a slower device', async () => {
    // The third case takes thrice as long whenever it is visited.
    const { cases, limits, meter } = budgets([2, 2, 2, 2, 2], (visit) => (visit >= 10 && visit < 30 ? 3 : 1));
    const results: GridResult[] = [];
    await measureGrid(cases, meter, (result) => results.push(result));
    expect(limits).to.deep.equal([2, 2, 2, 2, 2, 2, 2, 2]);
    expect(results.map(({ holds }) => holds)).to.deep.equal([true, true, false, true, true]);
  });

  it('follows a device that is slower than its table, and says by how much', async () => {
    const { cases, limits, meter } = budgets([2, 3, 4], () => 1.25);
    const results: GridResult[] = [];
    await measureGrid(cases, meter, (result) => results.push(result));
    expect(results.map(({ attempts, correction }) => [attempts, correction])).to.deep.equal([
      [2, 1.25],
      [1, 1.25],
      [1, 1.25],
    ]);
    expect(limits).to.deep.equal([2, 1.6, 2.4, 3.2]);
    for (const { predictedMs, measuredMs, holds } of results) {
      expect(holds).to.equal(true);
      expect(measuredMs).to.be.closeTo(predictedMs, 1e-9);
    }
  });
});
