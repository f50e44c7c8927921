import { availableParallelism } from 'node:os';
import type { Dataset } from '@easel/exporter/data';
import { type Difference, differenceOfDifferences, pairedDifference } from '@easel/exporter/evaluation';
import {
  additiveUtilities,
  type Baseline,
  type Cell,
  isWithin,
  onceForAll,
  onceForAllSettings,
  randomSearch,
  taskSearch,
} from '@easel/exporter/evaluation/baselines';
import { architecturesToMeasure, type LogitsTable } from '@easel/exporter/generator';
import { Easel } from '@easel/sdk';
import type { DeviceProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { type Architecture, macsTable } from '@easel/sdk/space';
import { type Benchmark, rounded } from './benchmark.js';
import { exhaustiveRegret } from './support/exhaustive-regret.js';
import { parseFlags, UsageError, wholeNumber } from './support/flags.js';
import { Progress } from './support/progress.js';
import { cellsOf, classSets, perturbedProfile, readProfiles } from './support/regret-cells.js';
import { openSetting, type Setting, settingFlags, settingOptions } from './support/regret-setting.js';
import { meanAccuracy, pairs, rightOf, text } from './support/scoring.js';

export const benchmark: Benchmark = {
  summary: 'what generated subnets lose or gain against searches, on test images',

  async run(args) {
    const values = parseFlags(args, {
      ...settingFlags,
      'ofa-bundle': { type: 'string' },
      profiles: { type: 'string' },
      unseen: { type: 'string' },
      perturbed: { type: 'string', default: '1' },
      tasks: { type: 'string', default: '20' },
      budgets: { type: 'string', default: '5' },
      subnets: { type: 'string', default: '160' },
      generations: { type: 'string', default: String(onceForAllSettings.generations) },
      rescored: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      threads: { type: 'string', default: String(availableParallelism()) },
    });
    if (values.data === undefined) {
      throw new UsageError(
        'which images? bench regret --data cifar10.tar (the data set that the bundle was trained on)',
      );
    }
    const whole = (flag: keyof typeof values, least = 1) => wholeNumber(flag, values[flag] as string, least);
    const counts = {
      tasks: whole('tasks'),
      budgets: whole('budgets'),
      subnets: whole('subnets', 3),
      rescored: whole('rescored', 0),
      generations: whole('generations', 0),
      perturbed: whole('perturbed', 0),
    };
    const progress = new Progress();
    const options = settingOptions(values.data, values, progress);
    const datasets = new Map<number, Dataset>();
    const own = await openSetting(values.bundle, options, datasets);
    const other = values['ofa-bundle'] ? await openSetting(values['ofa-bundle'], options, datasets) : undefined;
    try {
      const seen = values.profiles
        ? await readProfiles(values.profiles, own.bundle)
        : [...own.bundle.profiles.values()].slice(0, 2);
      if (seen.length === 0) throw new UsageError(`${values.bundle} has no device profile: --profiles FILE,FILE`);
      const perturbed = Array.from({ length: counts.perturbed }, (_, i) =>
        perturbedProfile(seen[i % seen.length] as DeviceProfile, options.seed + i),
      );
      const unseen = [...(values.unseen ? await readProfiles(values.unseen, own.bundle) : []), ...perturbed];
      return await compare(own, other, {
        seen,
        unseen,
        ...counts,
        seed: options.seed,
        progress,
      });
    } finally {
      await own.dispose();
      await other?.dispose();
    }
  },
};

interface Options {
  readonly seen: readonly DeviceProfile[];
  readonly unseen: readonly DeviceProfile[];
  readonly tasks: number;
  readonly budgets: number;
  readonly subnets: number;
  readonly rescored: number;
  readonly generations: number;
  readonly seed: number;
  readonly progress: Progress;
}

async function compare(own: Setting, ofa: Setting | undefined, options: Options): Promise<Record<string, unknown>> {
  const { bundle, context } = own;
  const { seen, unseen, progress } = options;
  const sets = classSets(bundle, options.tasks, options.seed);
  const [onSeen, onUnseen] = [seen, unseen].map((profiles) => cellsOf(bundle, sets, profiles, options.budgets)) as [
    Cell[],
    Cell[],
  ];
  const all = [...onSeen, ...onUnseen];
  const named = Object.keys(bundle.manifest.tasks).filter((task) => sets.has(task)).length;
  console.log(
    `${own.directory}: ${named} tasks and ${sets.size - named} random class sets x ${options.budgets} budgets`,
  );
  console.log(`  devices: ${seen.map(({ name }) => name).join(', ')}`);
  console.log(`  devices that the generator has not seen: ${unseen.map(({ name }) => name).join(', ') || 'none'}`);
  console.log(`  ${all.length} cells; ${own.test.images.length} test images`);

  const table = await validationTable(own, options);
  const settings = { ...onceForAllSettings, generations: options.generations };
  const baselines: Baseline[] = [
    additiveUtilities(context, table),
    randomSearch(context, table),
    onceForAll(ofa?.context ?? context, bundle.manifest.classes.length, settings),
    taskSearch(context, options.rescored, settings),
  ];
  const generated = await chooseByGenerator(own.directory, [...seen, ...unseen], all, bundle.manifest.classes);
  const overBudget = all.filter((cell, i) => !isWithin(cell, context.decisions, generated[i] as Architecture)).length;
  const generatedRight = await rightOf(own, all, generated, 'generator on test images', progress);
  console.log(
    `generator: mean accuracy ${meanAccuracy(generatedRight)}; budgets exceeded: ${overBudget} of ${all.length}`,
  );

  const random = new Random(options.seed);
  const results: Record<string, Comparison> = {};
  for (const baseline of baselines) {
    const [started, before] = [performance.now(), progress.images];
    const choices = await progress.each(`${baseline.name}, choosing`, all, (cell) => baseline.choose(cell));
    const spent = `${((performance.now() - started) / 1000).toFixed(0)} s, ${progress.images - before} images`;
    // Subnets of another supernet are scored with its weights.
    const scoredBy = baseline.name === 'Once-for-All' && ofa ? ofa : own;
    const right = await rightOf(scoredBy, all, choices, `${baseline.name} on test images`, progress);
    const paired = pairs(all, generatedRight, right);
    const [ofSeen, ofUnseen] = [paired.slice(0, onSeen.length), paired.slice(onSeen.length)];
    const result: Comparison = { seen: pairedDifference(ofSeen, random) };
    let growth = '';
    if (ofUnseen.length > 0) {
      result.unseen = pairedDifference(ofUnseen, random);
      result.growth = differenceOfDifferences(ofSeen, ofUnseen, random);
      growth = `, on unseen devices ${text(result.unseen)}`;
    }
    results[baseline.name] = result;
    console.log(
      `${baseline.name}: mean accuracy ${meanAccuracy(right)}; the generator is ${text(result.seen)} points better${growth} (${spent})`,
    );
  }

  const exhaustive = await exhaustiveRegret(own, onSeen, progress);
  console.log(
    `sub-space of ${exhaustive.size}: the choice of all of it by validation images is ${text(exhaustive.validation)} points ` +
      `better than the generator's, the best in hindsight ${text(exhaustive.hindsight)}`,
  );
  const search = results['task search'] as Comparison;
  return {
    ...figures('vs_task_search', search.seen),
    // Without a supernet that was trained without task dropout, the searches alone are compared.
    ...(ofa ? {} : { vs_ofa: null }),
    ...figures(ofa ? 'vs_ofa' : 'vs_all_class_search', results['Once-for-All']?.seen),
    ...figures('vs_random', results['random search']?.seen),
    ...figures('vs_additive', results['additive utilities']?.seen),
    over_budget: overBudget,
    ...figures('exhaustive_regret', exhaustive.validation),
    ...figures('exhaustive_regret_hindsight', exhaustive.hindsight),
    ...figures('vs_task_search_unseen', search.unseen),
    ...figures('unseen_device_growth', search.growth),
    cells: all.length,
    test_images: own.test.images.length,
  };
}

/** Generated less searched, in points. */
interface Comparison {
  seen: Difference;
  unseen?: Difference;
  /** By how much more regret is there on unseen devices. */
  growth?: Difference;
}

function figures(name: string, difference: Difference | undefined): Record<string, unknown> {
  if (!difference) return { [name]: null };
  return {
    [name]: rounded(difference.points, 2),
    [`${name}_interval`]: difference.interval.map((end) => rounded(end, 2)),
  };
}

/** What random search and the additive utilities choose by. */
async function validationTable(own: Setting, { subnets, seed, progress }: Options): Promise<LogitsTable> {
  const { space, classes } = own.bundle.manifest;
  const table = macsTable(space, classes.length);
  const architectures = architecturesToMeasure(space, table, subnets, new Random(seed + 17));
  const { labels } = own.validation;
  const logits = await progress.each('subnets on validation images', architectures, async (architecture) => {
    return (await own.validation.logits(architecture)).logits;
  });
  return { architectures, logits, labels, classes: classes.length };
}

/** As an application asks: by device, all of its requests at once. */
async function chooseByGenerator(
  directory: string,
  profiles: readonly DeviceProfile[],
  cells: readonly Cell[],
  classes: readonly string[],
): Promise<Architecture[]> {
  const choices = new Map<Cell, Architecture>();
  for (const profile of profiles) {
    const easel = await Easel.load(directory, { device: profile });
    const asked = cells.filter(({ device }) => device === profile.name);
    const answers = await easel.architectures(
      asked.map((cell) => ({
        classes: cell.classes.map((index) => classes[index] as string),
        budget: { latencyMs: cell.most },
      })),
    );
    for (const [i, cell] of asked.entries()) choices.set(cell, answers[i] as Architecture);
    await easel.dispose();
  }
  return cells.map((cell) => choices.get(cell) as Architecture);
}
