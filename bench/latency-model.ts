import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { thisMachine, watchOthers } from '@easel/exporter/profiling';
import { type DeviceProfile, latencyTable, parseProfile } from '@easel/sdk/profile';
import {
  adaptProfile,
  type FitError,
  type MeasuredSubnet,
  macsPrior,
  predict,
  quantileOf,
  randomSupernet,
  studyDevice,
  summarize,
  TermLayout,
} from '@easel/sdk/profiling';
import { architectureCost, type CostTable, decisionsOf, macsTable, presetSpace } from '@easel/sdk/space';
import { type Benchmark, rounded } from './benchmark.js';
import { isolatedBlocksTable } from './support/isolated-blocks.js';

const classes = 10;

export const benchmark: Benchmark = {
  summary: 'how well latency tables predict unseen subnets here: fitted, few-shot, isolated blocks, MACs only',

  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        space: { type: 'string', default: 'mobile-32' },
        threads: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '45' },
        unseen: { type: 'string', default: '100' },
      },
    });
    const space = presetSpace(values.space);
    const threads = Number(values.threads);
    const device = thisMachine(space.name, threads);
    const decisions = decisionsOf(space);
    const others = watchOthers();
    const started = performance.now();
    const study = await studyDevice(space, device, {
      classes,
      heldOut: Number(values.unseen),
      seconds: Number(values.seconds),
      seed: 7,
    });
    const profileSeconds = (performance.now() - started) / 1000;
    console.log(`${study.fitted.length} subnets fitted, ${study.unseen.length} unseen, measured by their median run.`);

    const ofTable = (table: CostTable) => errorsOf(study.unseen, (each) => architectureCost(table, decisions, each));
    const isolated = await isolatedBlocksTable(space, classes, device.meter);
    const layout = new TermLayout(space);
    const macs = layout.valuesOf(macsTable(space, classes));
    const rows = study.fitted.map(({ architecture, latencyMs }) => ({ row: layout.row(architecture), latencyMs }));
    const perMac = quantileOf(
      rows.map(({ row, latencyMs }) => latencyMs / predict(macs, row)),
      0.5,
    );
    const perMacAndBlock = macsPrior(rows, macs);
    const candidates = await otherDevices(space.name, device.name);
    const adaptStarted = performance.now();
    const adapted = await adaptProfile(space, {
      ...device,
      supernet: randomSupernet(space, classes),
      classes,
      candidates,
    });
    const adaptSeconds = (performance.now() - adaptStarted) / 1000;

    const results: readonly (readonly [name: string, error: FitError])[] = [
      ['fitted to whole subnets', study.profile.error],
      [`ten subnets, from ${adapted.measured.adaptedFrom ?? 'no device'}`, ofTable(latencyTable(adapted, space))],
      ['isolated blocks, summed', ofTable(isolated)],
      ['isolated blocks, scaled', scaled(ofTable, isolated, study.fitted, decisions)],
      ['MACs and blocks', errorsOf(study.unseen, (each) => predict(perMacAndBlock, layout.row(each)))],
      ['MACs only', errorsOf(study.unseen, (each) => perMac * predict(macs, layout.row(each)))],
    ];
    for (const [name, error] of results) {
      console.log(
        `  ${name.padEnd(64)} median ${percent(error.medianRelative)}, within 5 %: ${percent(error.within5)}, ` +
          `within 10 %: ${percent(error.within10)}`,
      );
    }
    const [fitted, fewShot, summed, scaledSum, blocks, only] = results.map(([, error]) => shares(error));
    return {
      device: device.name,
      ...fitted,
      profile_s: rounded(profileSeconds, 1),
      subnets: study.fitted.length,
      unseen: study.unseen.length,
      noise: rounded(study.profile.measured.noise),
      other_programs_cores: rounded(others(), 2),
      few_shot: { ...fewShot, from: adapted.measured.adaptedFrom ?? null, seconds: rounded(adaptSeconds, 2) },
      isolated_blocks: summed,
      isolated_blocks_scaled: scaledSum,
      macs_and_blocks: blocks,
      macs_only: only,
    };
  },
};

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const shares = ({ within5, within10, medianRelative }: FitError) => ({
  within5: rounded(within5),
  within10: rounded(within10),
  median_error: rounded(medianRelative, 4),
});

function errorsOf(
  measured: readonly MeasuredSubnet[],
  predicted: (architecture: MeasuredSubnet['architecture']) => number,
): FitError {
  return summarize(measured.map(({ architecture, latencyMs }) => predicted(architecture) / latencyMs - 1));
}

/** With one factor for the whole table, from the fitted subnets: what summing misses in shape alone. */
function scaled(
  ofTable: (table: CostTable) => FitError,
  table: CostTable,
  fitted: readonly MeasuredSubnet[],
  decisions: ReturnType<typeof decisionsOf>,
): FitError {
  const factor = quantileOf(
    fitted.map(({ architecture, latencyMs }) => latencyMs / architectureCost(table, decisions, architecture)),
    0.5,
  );
  return ofTable({
    ...table,
    base: table.base.map((cost) => cost * factor),
    blocks: table.blocks.map((resolution) => resolution.map((block) => block.map((cost) => cost * factor))),
  });
}

/** The committed profiles of this search space, without that of the device itself: it is to be adapted to unknown. */
async function otherDevices(space: string, own: string): Promise<DeviceProfile[]> {
  const directory = new URL('../../device-profiles/', import.meta.url);
  const files = (await readdir(directory)).filter((file) => file.endsWith('.json')).sort();
  const profiles = await Promise.all(
    files.map(async (file) => parseProfile(JSON.parse(await readFile(new URL(file, directory), 'utf8')))),
  );
  return profiles.filter((profile) => profile.space.name === space && profile.name !== own);
}
