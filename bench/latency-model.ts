import { readdir, readFile } from 'node:fs/promises';
import { openChromiumDevice, thisMachine, watchOthers } from '@easel/exporter/profiling';
import { type DeviceProfile, latencyTable, parseProfile } from '@easel/sdk/profile';
import {
  adaptProfile,
  checkProfile,
  type DeviceStudy,
  type FitError,
  type MeasuredDevice,
  type MeasuredSubnet,
  macsPrior,
  type ProfileCheck,
  type ProfileOptions,
  predict,
  quantileOf,
  randomSupernet,
  studyDevice,
  summarize,
  TermLayout,
} from '@easel/sdk/profiling';
import {
  type Architecture,
  architectureCost,
  type CostTable,
  decisionsOf,
  macsTable,
  presetSpace,
  type SearchSpace,
} from '@easel/sdk/space';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';
import { isolatedBlocksTable } from './support/isolated-blocks.js';

const classes = 10;
/** Before, in between and after: each adapts to ten subnets anew, in a page of its own as `device: 'auto'` is. */
const fewShots = 3;
/** Random subnets measured right after each adaptation, where it was made. */
const checked = { subnets: 20, passes: 3 };

export const benchmark: Benchmark = {
  summary:
    'how well latency tables predict unseen subnets here (or with --chromium in a page): fitted, few-shot, ' +
    'isolated blocks, MACs only',

  async run(args) {
    const values = parseFlags(args, {
      space: { type: 'string', default: 'mobile-32' },
      threads: { type: 'string', default: '1' },
      chromium: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      unseen: { type: 'string', default: '100' },
    });
    const space = presetSpace(values.space);
    const threads = wholeNumber('threads', values.threads);
    if (values.chromium) {
      return measure(space, () => openChromiumDevice(space, threads), { seconds: '150', ...values });
    }
    const device = { ...thisMachine(space.name, threads), close: async () => undefined };
    return measure(space, async () => device, values);
  },
};

interface OpenDevice extends MeasuredDevice {
  close(): Promise<void>;
}

async function measure(
  space: SearchSpace,
  open: () => Promise<OpenDevice>,
  { seconds = '45', unseen }: { seconds?: string; unseen: string },
): Promise<Readonly<Record<string, unknown>>> {
  // Before anything is measured: they may be mistyped.
  const options = {
    classes,
    heldOut: wholeNumber('unseen', unseen),
    seconds: wholeNumber('seconds', seconds),
    seed: 7,
  };
  const decisions = decisionsOf(space);
  const others = watchOthers();
  const supernet = randomSupernet(space, classes);
  const adapted: DeviceProfile[] = [];
  /** By each adaptation: what it was measured beside, and what it predicts of that. */
  const besides: ProfileCheck[] = [];
  const adapt = async () => {
    const page = await open();
    try {
      const seed = adapted.length;
      const candidates = await otherDevices(space.name, page.name);
      const profile = await adaptProfile(space, { ...page, supernet, classes, candidates }, { seed });
      adapted.push(profile);
      besides.push(await checkProfile(space, profile, page.meter, { ...checked, supernet, seed }));
    } finally {
      await page.close();
    }
  };
  await adapt();
  const device = await open();
  const [study, isolated] = await studyAndBlocks(space, device, options, adapt).finally(device.close);
  await adapt();

  const layout = new TermLayout(space);
  const macs = layout.valuesOf(macsTable(space, classes));
  const rows = study.fitted.map(({ architecture, latencyMs }) => ({ row: layout.row(architecture), latencyMs }));
  const perMac = quantileOf(
    rows.map(({ row, latencyMs }) => latencyMs / predict(macs, row)),
    0.5,
  );
  const perMacAndBlock = macsPrior(rows, macs);
  const errors = (predicted: (architecture: Architecture) => number) =>
    study.unseen.map(({ architecture, latencyMs }) => predicted(architecture) / latencyMs - 1);
  const errorsOfTable = (table: CostTable) => errors((each) => architectureCost(table, decisions, each));

  const ownTable = latencyTable(study.profile, space);
  const beside = besides.flatMap(({ measured }) => measured);
  const results = {
    fitted: study.profile.error,
    uncorrected: study.uncorrected,
    few_shot: summarize(adapted.flatMap((profile) => errorsOfTable(latencyTable(profile, space)))),
    few_shot_shape: summarize(adapted.flatMap((profile) => levelled(errorsOfTable(latencyTable(profile, space))))),
    few_shot_there: summarize(beside.map(({ predictedMs, latencyMs }) => predictedMs / latencyMs - 1)),
    own_profile_there: summarize(
      beside.map(({ architecture, latencyMs }) => architectureCost(ownTable, decisions, architecture) / latencyMs - 1),
    ),
    isolated_blocks: summarize(errorsOfTable(isolated)),
    isolated_blocks_scaled: summarize(errorsOfTable(scaled(isolated, study.fitted, decisions))),
    macs_and_blocks: summarize(errors((each) => predict(perMacAndBlock, layout.row(each)))),
    macs_only: summarize(errors((each) => perMac * predict(macs, layout.row(each)))),
  };
  const origins = [...new Set(adapted.map(({ measured }) => measured.adaptedFrom ?? 'no device'))];
  const names: Readonly<Record<keyof typeof results, string>> = {
    fitted: 'fitted to whole subnets',
    uncorrected: "the same, the machine's slower moments left in",
    few_shot: `ten subnets (${fewShots} times), from ${origins.join(', ')}`,
    few_shot_shape: 'the same, at the level of the unseen subnets',
    few_shot_there: `the same, of ${checked.subnets} subnets measured right after each`,
    own_profile_there: 'of those, fitted to whole subnets elsewhere',
    isolated_blocks: 'isolated blocks, summed',
    isolated_blocks_scaled: 'isolated blocks, scaled',
    macs_and_blocks: 'MACs and blocks',
    macs_only: 'MACs only',
  };
  for (const [key, error] of Object.entries(results)) {
    console.log(
      `  ${names[key as keyof typeof results].padEnd(64)} median ${percent(error.medianRelative)}, ` +
        `within 5 %: ${percent(error.within5)}, within 10 %: ${percent(error.within10)}`,
    );
  }
  const { fitted, few_shot, ...compared } = results;
  return {
    device: device.name,
    ...shares(fitted),
    profile_s: rounded(study.profile.measured.seconds ?? 0, 1),
    subnets: study.fitted.length,
    unseen: study.unseen.length,
    noise: rounded(study.profile.measured.noise),
    other_programs_cores: rounded(others(), 2),
    few_shot: {
      ...shares(few_shot),
      from: origins,
      seconds: rounded(Math.max(...adapted.map(({ measured }) => measured.seconds ?? 0)), 2),
      noise: adapted.map(({ measured }) => rounded(measured.noise)),
      levels: adapted.map((profile) => rounded(1 + medianOf(errorsOfTable(latencyTable(profile, space))))),
      levels_there: besides.map(({ level }) => rounded(1 / level)),
    },
    ...Object.fromEntries(Object.entries(compared).map(([key, error]) => [key, shares(error)])),
  };
}

/** Whole subnets, then isolated blocks, of one device. */
async function studyAndBlocks(
  space: SearchSpace,
  device: MeasuredDevice,
  options: ProfileOptions,
  between: () => Promise<void>,
): Promise<[DeviceStudy, CostTable]> {
  const study = await studyDevice(space, device, options);
  console.log(`${study.fitted.length} subnets fitted, ${study.unseen.length} unseen, measured by their median run.`);
  await between();
  return [study, await isolatedBlocksTable(space, classes, device.meter)];
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const shares = ({ within5, within10, medianRelative }: FitError) => ({
  within5: rounded(within5),
  within10: rounded(within10),
  median_error: rounded(medianRelative, 4),
});

const medianOf = (values: readonly number[]) => quantileOf(values, 0.5);

/** Relative errors without what they have in common: a machine may have become slower between two measurements. */
function levelled(errors: readonly number[]): number[] {
  const level = medianOf(errors);
  return errors.map((error) => (1 + error) / (1 + level) - 1);
}

/** With one factor for the whole table, from the fitted subnets: what summing misses in shape alone. */
function scaled(
  table: CostTable,
  fitted: readonly MeasuredSubnet[],
  decisions: ReturnType<typeof decisionsOf>,
): CostTable {
  const factor = quantileOf(
    fitted.map(({ architecture, latencyMs }) => latencyMs / architectureCost(table, decisions, architecture)),
    0.5,
  );
  return {
    ...table,
    base: table.base.map((cost) => cost * factor),
    blocks: table.blocks.map((resolution) => resolution.map((block) => block.map((cost) => cost * factor))),
  };
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
