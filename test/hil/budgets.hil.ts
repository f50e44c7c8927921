import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type GridResult, gridAsJunit, measureGrid, tolerance } from '@easel/exporter/agent';
import { Easel } from '@easel/sdk';
import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import { profileDevice, summarize } from '@easel/sdk/profiling';
import { expect } from 'chai';
import { type OpenDevice, openDevice } from './device.js';
import { openGrid, resultsTable } from './loop.js';

/**
 * Hardware in the loop: what `specialize` promises for a grid of tasks and budgets is measured on the device itself.
 * EASEL_DEVICE says which (see device.ts), EASEL_PROFILE a profile of it (default: measured first, in half a minute),
 * EASEL_BUNDLE the bundle, EASEL_THREADS the threads of an inference, EASEL_JUNIT where the report goes. Budgets follow the
 * device's speed of the day, as with `Easel.load(…, { correct: true })`, unless EASEL_CORRECT is 0.
 */
const {
  EASEL_DEVICE: which = '',
  EASEL_BUNDLE: bundle = 'examples/bundles/cifar10',
  EASEL_PROFILE: profileFile,
  EASEL_JUNIT: junit = 'test-results/hil.xml',
} = process.env;
const threads = Number(process.env.EASEL_THREADS ?? 1);
const correct = process.env.EASEL_CORRECT !== '0';
const budgetsPerTask = 5;
const holdingShare = 0.99;
const agreeingShare = 0.95;

describe(`Budgets on ${which || 'this machine'}`, () => {
  let device: OpenDevice | undefined;
  let profile: DeviceProfile;
  let name = which || 'this machine';
  const results: GridResult[] = [];
  let failure: Error | undefined;

  /** For the report, which would otherwise tell of no problem where nothing could be measured. */
  const failed = (error: Error): never => {
    failure = error;
    throw error;
  };

  const measureDevice = async () => {
    const easel = await Easel.load(bundle);
    const { space, classes } = easel;
    await easel.dispose();
    device = await openDevice(which, space, threads);
    name = device.name;
    profile = profileFile
      ? parseProfile(JSON.parse(await readFile(profileFile, 'utf8')), space)
      : await profileDevice(space, device, { classes: classes.length, subnets: 120, heldOut: 20, seconds: 30 });
    console.log(
      `      ${profile.name}: ${(100 * profile.error.within5).toFixed(0)} % of ${profile.error.subnets} unseen subnets ` +
        `predicted within 5 %; noise ${(100 * profile.measured.noise).toFixed(1)} %`,
    );
  };
  before('measure the device', () => measureDevice().catch(failed));

  after(async () => {
    console.log(resultsTable(results));
    await mkdir(dirname(junit), { recursive: true });
    await writeFile(junit, gridAsJunit(`easel hil ${name}`, results, failure));
    await device?.close();
  });

  it('are measured for every task', async () => {
    const { cases, close } = await openGrid(bundle, profile, budgetsPerTask);
    expect(cases.length).to.be.at.least(budgetsPerTask);
    await measureGrid(cases, (device as OpenDevice).meter, (result) => results.push(result), { correct })
      .catch(failed)
      .finally(close);
    expect(results).to.have.length(cases.length);
  });

  it(`agree with what was predicted, within 10 %, in ${100 * agreeingShare} % of the cases`, () => {
    const error = summarize(results.map(({ predictedMs, measuredMs }) => predictedMs / measuredMs - 1));
    expect(error.within10).to.be.at.least(agreeingShare);
  });

  it(`hold in ${100 * holdingShare} % of the cases: the median run is at most ${100 * tolerance} % over`, () => {
    const holding = results.filter(({ holds }) => holds).length;
    expect(holding / results.length).to.be.at.least(holdingShare);
  });
});
