import { type GridResult, gridAsJunit, measureGrid } from '@easel/exporter/agent';
import { Easel } from '@easel/sdk';
import { type DeviceProfile, profileRefusal } from '@easel/sdk/profile';
import { profileDevice, quantileOf } from '@easel/sdk/profiling';
import { expect } from 'chai';
import { correlation } from '../../fixtures/correlation.js';
import { openDevice } from '../../hil/device.js';
import { openGrid, resultsTable } from '../../hil/loop.js';

const bundle = 'examples/bundles/cifar10';
const budgetsPerTask = 2;
const brief = { subnets: 40, heldOut: 10, seconds: 4, passes: { least: 2, most: 4 } };
/** A machine that tests run on may be busy with anything: what it spoils is measured again, so often and so long. */
const most = { rounds: 3, ms: 60_000 };

interface Round {
  readonly profile: DeviceProfile;
  readonly results: readonly GridResult[];
}

/**
 * Hardware in the loop, in small: what must be so on busy machines too, lest a test fail for what other programs do. How
 * well budgets are kept is what `npm run test:hil` asserts, on a machine that does nothing else.
 */
for (const which of ['agent', 'chromium']) {
  describe(`hardware in the loop: ${which}`, function () {
    this.timeout(240_000);
    const rounds: Round[] = [];
    let tasks = 0;

    before('profile the device, and measure subnets for budgets on it', async () => {
      const easel = await Easel.load(bundle);
      const { space, classes } = easel;
      tasks = Object.keys(easel.tasks).length;
      await easel.dispose();
      const device = await openDevice(which, space, 1);
      const started = performance.now();
      try {
        do {
          const profile = await profileDevice(space, device, { ...brief, classes: classes.length });
          const { cases, close } = await openGrid(bundle, profile, budgetsPerTask);
          const results: GridResult[] = [];
          const onResult = (result: GridResult) => results.push(result);
          await measureGrid(cases, device.meter, onResult, { attempts: 2 }).finally(close);
          rounds.push({ profile, results });
        } while (!rounds.some(isConvincing) && rounds.length < most.rounds && performance.now() - started < most.ms);
      } finally {
        await device.close();
      }
    });

    it('measures a subnet for every task and budget, and reports them', () => {
      for (const { results } of rounds) {
        expect(results).to.have.length(tasks * budgetsPerTask);
        expect(new Set(results.map(({ task, budgetMs }) => `${task} ${budgetMs}`)).size).to.equal(results.length);
        expect(gridAsJunit(which, results)).to.include(`tests="${results.length}"`).and.to.include('errors="0"');
      }
    });

    it('finds what was predicted, or says that the machine is too noisy to tell', () => {
      const refusals = rounds.map(({ profile }) => profileRefusal(profile));
      if (refusals.every((refusal) => refusal !== undefined)) {
        console.log(`      too noisy to tell: ${refusals.join('; ')}`);
      } else {
        const tables = rounds.map(({ results }) => resultsTable(results)).join('\n');
        expect(rounds.some(isConvincing), `no round is convincing\n${tables}`).to.equal(true);
      }
    });
  });
}

/** Typically as long as predicted, slower where slower was predicted, and within most budgets. */
function isConvincing({ results }: Round): boolean {
  const level = quantileOf(
    results.map(({ measuredMs, predictedMs }) => measuredMs / predictedMs),
    0.5,
  );
  const order = correlation(
    results.map(({ predictedMs }) => predictedMs),
    results.map(({ measuredMs }) => measuredMs),
  );
  const holding = results.filter(({ holds }) => holds).length / results.length;
  return level > 0.8 && level < 1.25 && order > 0.8 && holding > 0.5;
}
