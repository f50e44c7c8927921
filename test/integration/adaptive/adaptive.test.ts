import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import {
  type AdaptiveChange,
  type AdaptiveClassifier,
  type AdaptiveOptions,
  type AdaptiveRequest,
  type Decision,
  type DeviceProfile,
  DisposedError,
  Easel,
  InfeasibleBudgetError,
  InvalidRequestError,
  type Pixels,
  type Result,
  UnknownTaskError,
} from '@easel/sdk';
import { nodeRuntime } from '@easel/sdk/node';
import { formatArchitecture, presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { writeRandomBundle } from '../../fixtures/bundle.js';
import { type ErrorClass, rejection } from '../../fixtures/rejection.js';
import { scaled } from '../../fixtures/scaled-profile.js';

const image: Pixels = { data: new Uint8Array(32 * 32 * 3).fill(128), width: 32, height: 32, channels: 3 };
const pets: AdaptiveRequest = { tasks: ['pets'], budget: { latencyMs: 3 } };
const namesOf = (results: readonly Result[]) => results.map(({ className }) => className).sort();

describe('Adaptive classifier', () => {
  let parent: string;
  let directory: string;
  let easel: Easel;

  before(async () => {
    ({ parent, directory } = await writeRandomBundle(presetSpace('tiny-32')));
    easel = await Easel.load(directory, { device: 'slow-board' });
  });

  after(async () => {
    await easel.dispose();
    await rm(parent, { recursive: true });
  });

  /** Leaves time for nothing but what the test does: no step up within it. */
  async function withAdaptive(
    request: AdaptiveRequest,
    use: (adaptive: AdaptiveClassifier) => Promise<void>,
    options: AdaptiveOptions = { patienceMs: 600_000 },
  ): Promise<void> {
    const adaptive = await easel.adaptive(request, options);
    try {
      await use(adaptive);
    } finally {
      await adaptive.dispose();
    }
  }

  /** Ends when the next switch has happened. */
  async function classifyUntilSwitch(adaptive: AdaptiveClassifier): Promise<Decision> {
    let decision: Decision | undefined;
    const off = adaptive.on('switch', (event) => {
      decision = event.decision;
    });
    while (!decision) await adaptive.classify(image);
    off();
    return decision;
  }

  it('starts with a subnet within the budget, and classifies', () =>
    withAdaptive(pets, async (adaptive) => {
      expect(namesOf(await adaptive.classify(image))).to.deep.equal(['cat', 'dog']);
      expect(adaptive.classes).to.deep.equal(['cat', 'dog']);
      expect(adaptive.predicted.latencyMs).to.be.at.most(3);
      expect(adaptive.request).to.deep.equal(pets);
      const [start] = adaptive.decisions;
      expect(start).to.include({ kind: 'start', budgetMs: 3, slowdown: 1 });
      expect(start?.to).to.deep.equal(adaptive.architecture);
    }));

  it('answers as a classifier with the same architecture does', () =>
    withAdaptive(pets, async (adaptive) => {
      const classifier = await easel.specialize({ tasks: ['pets'], architecture: adaptive.architecture });
      expect(await adaptive.classify(image)).to.deep.equal(await classifier.classify(image));
      await classifier.dispose();
    }));

  it('goes down when inferences take longer than the budget, and says why', async () => {
    // A table that promises a thousandth of what tiny-32 takes anywhere: whatever runs here is slow.
    const hasty = await Easel.load(directory, { device: scaled(easel.profile as DeviceProfile, 1e-4) });
    const adaptive = await hasty.adaptive({ tasks: ['everything'], budget: { latencyMs: 0.0005 } });
    const start = adaptive.predicted.latencyMs as number;
    const decision = await classifyUntilSwitch(adaptive);
    expect(decision.kind).to.equal('over-budget');
    expect(decision.p95Ms).to.be.greaterThan(0.0005);
    expect(decision.slowdown).to.equal(25);
    expect(decision.reason).to.match(/^p95 \S+ ms, over the budget of 0\.000500 ms: the device takes 25\.00 times/);
    expect(decision.to).to.deep.equal(adaptive.architecture);
    expect(adaptive.predicted.latencyMs).to.be.lessThan(start);
    while (adaptive.decisions.at(-1)?.kind !== 'at-smallest') await adaptive.classify(image);
    const { length } = adaptive.decisions;
    const later = performance.now() + 300;
    while (performance.now() < later) await adaptive.classify(image);
    expect(adaptive.decisions).to.have.length(length);
    await adaptive.dispose();
    await hasty.dispose();
  });

  it('shares what is known of the day: corrected predictions start it, and what it saw corrects later ones', async () => {
    // Whatever runs here is far slower than this table: corrections stop at 2.
    const hasty = await Easel.load(directory, { device: scaled(easel.profile as DeviceProfile, 1e-3), correct: true });
    const correctionOf = async () => {
      const [predicted] = await hasty.predict({ tasks: ['pets'] }, [smallestArchitecture(hasty.space)]);
      return predicted?.correction;
    };
    const request: AdaptiveRequest = { tasks: ['everything'], budget: { latencyMs: 1 } };
    const first = await hasty.adaptive(request, { automatic: false });
    expect(first.decisions[0]?.slowdown).to.equal(1);
    expect(await correctionOf()).to.equal(1);
    for (let i = 0; i < 15; i++) await first.classify(image);
    await first.dispose();
    expect(await correctionOf()).to.equal(2);
    const second = await hasty.adaptive(request, { automatic: false });
    expect(second.decisions[0]?.slowdown).to.equal(2);
    await second.dispose();
    await hasty.dispose();
  });

  it('goes up when there is room for a while', () =>
    withAdaptive(
      { tasks: ['everything'], budget: { latencyMs: 3 } },
      async (adaptive) => {
        const start = adaptive.predicted.latencyMs as number;
        const decision = await classifyUntilSwitch(adaptive);
        expect(decision.kind).to.equal('room');
        expect(decision.slowdown).to.be.lessThan(1);
        expect(adaptive.predicted.latencyMs).to.be.greaterThan(start);
        expect(formatArchitecture(adaptive.architecture)).to.equal(formatArchitecture(decision.to));
      },
      { patienceMs: 100 },
    ));

  it('lets images under way finish on the old subnet, and makes none wait for the new one', () =>
    withAdaptive(pets, async (adaptive) => {
      const underWay = Array.from({ length: 20 }, () => adaptive.classify(image));
      let switched = false;
      const change = adaptive.setTasks(['insects']).then(() => {
        switched = true;
      });
      const meanwhile: (readonly Result[])[] = [];
      while (!switched) meanwhile.push(await adaptive.classify(image));
      await change;
      for (const results of await Promise.all(underWay)) expect(namesOf(results)).to.deep.equal(['cat', 'dog']);
      expect(namesOf(meanwhile[0] as readonly Result[])).to.deep.equal(['cat', 'dog']);
      expect(namesOf(await adaptive.classify(image))).to.deep.equal(['ant', 'bee']);
    }));

  it('changes tasks, classes and budget, together and alone', () =>
    withAdaptive(pets, async (adaptive) => {
      await adaptive.change({ tasks: ['insects'], classes: ['gnu'] });
      expect(adaptive.classes).to.deep.equal(['ant', 'bee', 'gnu']);
      expect(adaptive.request.budget).to.deep.equal({ latencyMs: 3 });
      await adaptive.change({ tasks: ['pets'], budget: { latencyMs: 2.5, macs: 4e6 } });
      expect(adaptive.classes).to.deep.equal(['cat', 'dog']);
      expect(adaptive.predicted.latencyMs).to.be.at.most(2.5);
      expect(adaptive.predicted.macs).to.be.at.most(4e6);
      await adaptive.setBudget({ latencyMs: 6 });
      expect(adaptive.request).to.deep.equal({ tasks: ['pets'], budget: { latencyMs: 6 } });
      expect(adaptive.predicted.latencyMs).to.be.greaterThan(2.5);
      expect(adaptive.decisions.map(({ kind }) => kind)).to.deep.equal(['start', 'request', 'request', 'request']);
    }));

  it('keeps the subnet where a new budget asks for the same', () =>
    withAdaptive(pets, async (adaptive) => {
      const { architecture } = adaptive;
      let switches = 0;
      adaptive.on('switch', () => switches++);
      await adaptive.setBudget({ latencyMs: 3.0001 });
      expect(adaptive.architecture).to.equal(architecture);
      expect(switches).to.equal(0);
      expect(adaptive.decisions.at(-1)?.reason).to.match(/stays$/);
    }));

  it('skips most of many changes at once, and refuses only the wrong ones', () =>
    withAdaptive(pets, async (adaptive) => {
      let switches = 0;
      adaptive.on('switch', () => switches++);
      const budgets = [2.4, 2.6, 0.0001, 2.8, 5];
      const outcomes = await Promise.allSettled(budgets.map((latencyMs) => adaptive.setBudget({ latencyMs })));
      expect(outcomes.map(({ status }) => status === 'fulfilled')).to.deep.equal([true, true, false, true, true]);
      expect(adaptive.request.budget).to.deep.equal({ latencyMs: 5 });
      expect(adaptive.predicted.latencyMs).to.be.greaterThan(2.8);
      expect(switches).to.be.lessThan(4);
    }));

  it('goes on as before when a change is refused', () =>
    withAdaptive(pets, async (adaptive) => {
      const changes: [AdaptiveChange, ErrorClass, RegExp][] = [
        [{ tasks: ['pet'] }, UnknownTaskError, /"pet"/],
        [{ budget: { latencyMs: 1e-5 } }, InfeasibleBudgetError, /latencyMs <= 0\.00001: the smallest needs/],
        [{ budget: { latencyMs: 3, macs: 10 } }, InfeasibleBudgetError, /macs <= 10/],
        [{ budget: { macs: 1e6 } } as unknown as AdaptiveChange, InvalidRequestError, /one with latencyMs/],
        [{ budget: { latencyMs: -1 } }, InvalidRequestError, /budget\.latencyMs/],
        [{ task: ['pets'] } as AdaptiveChange, InvalidRequestError, /"task"/],
        [{ architecture: {} } as AdaptiveChange, InvalidRequestError, /one of tasks, classes, budget/],
        [{}, InvalidRequestError, /change must be/],
        [null as unknown as AdaptiveChange, InvalidRequestError, /change must be/],
      ];
      for (const [change, errorClass, message] of changes) {
        expect((await rejection(adaptive.change(change), errorClass)).message).to.match(message);
      }
      expect(adaptive.request).to.deep.equal(pets);
      expect(adaptive.decisions).to.have.length(1);
      expect(namesOf(await adaptive.classify(image))).to.deep.equal(['cat', 'dog']);
    }));

  it('refuses malformed requests and options', async () => {
    const bad: [unknown, unknown, ErrorClass, RegExp][] = [
      [{ tasks: ['pets'], budget: { macs: 1e6 } }, {}, InvalidRequestError, /one with latencyMs/],
      [{ tasks: ['pets'] }, {}, InvalidRequestError, /budget must be/],
      [{ tasks: ['pets'], budget: { latencyMs: 3, accuracy: 0.9 } }, {}, InvalidRequestError, /accuracy follows/],
      [{ tasks: ['nope'], budget: { latencyMs: 3 } }, {}, UnknownTaskError, /"nope"/],
      [{ tasks: ['pets'], budget: { latencyMs: 1e-6 } }, {}, InfeasibleBudgetError, /the smallest needs/],
      [pets, { window: 3 }, InvalidRequestError, /window must be an integer of at least 20/],
      [pets, { windowMs: 0 }, InvalidRequestError, /windowMs/],
      [pets, { headroom: 1.2 }, InvalidRequestError, /headroom must be above 0 and at most 1/],
      [pets, { patienceMs: Number.NaN }, InvalidRequestError, /patienceMs must be a finite number/],
      [pets, { patience: 2 }, InvalidRequestError, /"patience"/],
      [pets, { automatic: 1 }, InvalidRequestError, /automatic must be true or false/],
    ];
    for (const [request, options, errorClass, message] of bad) {
      const opened = easel.adaptive(request as AdaptiveRequest, options as AdaptiveOptions);
      expect((await rejection(opened, errorClass)).message).to.match(message);
    }
    const unprofiled = await Easel.load(directory);
    const error = await rejection(unprofiled.adaptive(pets), InvalidRequestError);
    expect(error.message).to.match(/no device profile/);
    await unprofiled.dispose();
  });

  it('keeps the other limits of a budget at every size', () =>
    withAdaptive(
      { tasks: ['everything'], budget: { latencyMs: 3, parameters: 40_000 } },
      async (adaptive) => {
        await classifyUntilSwitch(adaptive);
        expect(adaptive.predicted.parameters).to.be.at.most(40_000);
      },
      { patienceMs: 50 },
    ));

  it('changes nothing by itself unless it is automatic', () =>
    withAdaptive(
      { tasks: ['everything'], budget: { latencyMs: 3 } },
      async (adaptive) => {
        for (const end = performance.now() + 400; performance.now() < end; ) await adaptive.classify(image);
        expect(adaptive.latency.count).to.be.greaterThan(20);
        expect(adaptive.decisions).to.have.length(1);
        adaptive.automatic = true;
        expect((await classifyUntilSwitch(adaptive)).kind).to.equal('room');
      },
      { patienceMs: 50, automatic: false },
    ));

  it('reports what it sees', () =>
    withAdaptive(pets, async (adaptive) => {
      expect(adaptive.latency).to.deep.equal({ count: 0, p50Ms: 0, p95Ms: 0, slowdown: 1 });
      let told = 0;
      adaptive.on('inference', ({ ms }) => {
        told++;
        expect(ms).to.be.greaterThan(0);
      });
      for (let i = 0; i < 50; i++) await adaptive.classify(image);
      expect(told).to.equal(50);
      const { count, p50Ms, p95Ms } = adaptive.latency;
      expect(count).to.equal(50);
      expect(p95Ms).to.be.at.least(p50Ms);
    }));

  it('refuses use after dispose, and lets images and changes under way end', async () => {
    const adaptive = await easel.adaptive(pets);
    const underWay = adaptive.classify(image);
    const change = rejection(adaptive.setTasks(['insects']), DisposedError);
    await adaptive.dispose();
    expect(namesOf(await underWay)).to.deep.equal(['cat', 'dog']);
    await change;
    const error = await rejection(adaptive.classify(image), DisposedError);
    expect(error.message).to.match(/this adaptive classifier was disposed/);
    await rejection(adaptive.change({ tasks: ['insects'] }), DisposedError);
    expect(() => adaptive.on('switch', () => undefined)).to.throw(DisposedError);
    await adaptive.dispose();
  });

  it('goes on when the next subnet cannot be opened, and says so', async () => {
    const other = await Easel.load(directory, { device: 'slow-board' });
    const adaptive = await other.adaptive(pets);
    await other.dispose();
    const told: unknown[] = [];
    adaptive.on('error', ({ error }) => told.push(error));
    await rejection(adaptive.setBudget({ latencyMs: 5 }), DisposedError);
    expect(told).to.have.length(1);
    expect(adaptive.decisions.at(-1)).to.include({ kind: 'failed' });
    expect(adaptive.decisions.at(-1)?.reason).to.match(/this one goes on: this Easel was disposed/);
    expect(adaptive.request).to.deep.equal(pets);
    expect(namesOf(await adaptive.classify(image))).to.deep.equal(['cat', 'dog']);
    await adaptive.dispose();
  });

  it('fails a change that was skipped for a newer one with it, and not with one that is not the newest', async () => {
    const { createSession } = nodeRuntime;
    const adaptive = await easel.adaptive(pets, { patienceMs: 600_000 });
    const outcomesOf = async (changes: readonly Promise<void>[]) =>
      (await Promise.allSettled(changes)).map((outcome) =>
        outcome.status === 'rejected' ? outcome.reason.message : 'done',
      );
    try {
      // The first change opens a subnet, the third cannot, and the second has no turn.
      let opened = 0;
      let newest: Promise<void> | undefined;
      let asksAgain = false;
      nodeRuntime.createSession = async (...request) => {
        if (++opened !== 2) return createSession.apply(nodeRuntime, request);
        if (asksAgain) newest = adaptive.setTasks(['insects']);
        await setTimeout(5);
        throw new Error('no memory');
      };
      const change = (...classes: string[]) => adaptive.change({ classes });
      const skipped = await outcomesOf([change('cat', 'ant'), change('cat', 'bee'), change('cat', 'gnu')]);
      expect(skipped).to.deep.equal(['done', 'no memory', 'no memory']);
      expect(adaptive.classes).to.have.members(['cat', 'ant']);
      expect(adaptive.request.classes).to.deep.equal(['cat', 'ant']);

      opened = 0;
      asksAgain = true;
      const overtaken = await outcomesOf([change('dog', 'ant'), change('dog', 'bee'), change('dog', 'gnu')]);
      expect(overtaken).to.deep.equal(['done', 'done', 'no memory']);
      await newest;
      expect(namesOf(await adaptive.classify(image))).to.deep.equal(['ant', 'bee']);
    } finally {
      nodeRuntime.createSession = createSession;
      await adaptive.dispose();
    }
  });

  it('does not grow over 150 changes', async function () {
    this.timeout(120_000);
    await withAdaptive(pets, async (adaptive) => {
      const cycle = async (i: number) => {
        await adaptive.change({ tasks: [i % 2 ? 'pets' : 'insects'], budget: { latencyMs: 2.4 + (i % 10) / 4 } });
        await adaptive.classify(image);
      };
      for (let i = 0; i < 40; i++) await cycle(i);
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 150; i++) await cycle(i);
      // A leaked subnet of tiny-32 would hold 0.2 to 0.6 MiB, twice.
      expect((process.memoryUsage().rss - before) / 2 ** 20).to.be.lessThan(30);
      expect(adaptive.decisions.length).to.equal(191);
    });
  });
});
