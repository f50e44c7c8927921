import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataset } from '@easel/exporter/data';
import { type Difference, type PairedCell, pairedDifference, rightOnes } from '@easel/exporter/evaluation';
import {
  additiveUtilities,
  type Baseline,
  type Cell,
  enumerableArchitectures,
  isWithin,
  onceForAll,
  onceForAllSettings,
  randomSearch,
  taskSearch,
} from '@easel/exporter/evaluation/baselines';
import { architecturesToMeasure, measureLogits } from '@easel/exporter/generator';
import { Easel } from '@easel/sdk';
import { generatorInput, generatorOutput } from '@easel/sdk/bundle';
import { costRange, FeatureEncoder } from '@easel/sdk/generator';
import { nodeRuntime } from '@easel/sdk/node';
import { type DeviceProfile, latencyTable } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { type Architecture, encodeArchitecture, macsTable } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { type Benchmark, rounded } from './benchmark.js';
import { openSetting, perturbedProfile, type Setting } from './support/regret-setting.js';

export const benchmark: Benchmark = {
  summary: 'what generated subnets lose or gain against searches, on test images',

  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        bundle: { type: 'string', default: 'examples/bundles/cifar10' },
        'ofa-bundle': { type: 'string' },
        data: { type: 'string' },
        tasks: { type: 'string', default: '20' },
        budgets: { type: 'string', default: '5' },
        images: { type: 'string' },
        subnets: { type: 'string', default: '160' },
        generations: { type: 'string', default: String(onceForAllSettings.generations) },
        rescored: { type: 'string', default: '10' },
        cache: { type: 'string' },
        seed: { type: 'string', default: '1' },
      },
    });
    if (values.data === undefined) {
      throw new Error('which images? bench regret --data cifar10.tar (the data set that the bundle was trained on)');
    }
    const options = {
      data: values.data,
      seed: Number(values.seed),
      ...(values.images ? { images: Number(values.images) } : {}),
    };
    const own = await openSetting(values.bundle, options);
    const other = values['ofa-bundle'] === undefined ? undefined : await openSetting(values['ofa-bundle'], options);
    try {
      return await compare(own, other, {
        directory: values.bundle,
        data: values.data,
        tasks: Number(values.tasks),
        budgets: Number(values.budgets),
        subnets: Number(values.subnets),
        rescored: Number(values.rescored),
        generations: Number(values.generations),
        cache: values.cache,
        seed: options.seed,
      });
    } finally {
      await own.dispose();
      await other?.dispose();
    }
  },
};

interface Options {
  readonly directory: string;
  readonly data: string;
  readonly tasks: number;
  readonly budgets: number;
  readonly subnets: number;
  readonly rescored: number;
  readonly generations: number;
  readonly cache: string | undefined;
  readonly seed: number;
}

async function compare(own: Setting, ofa: Setting | undefined, options: Options): Promise<Record<string, unknown>> {
  const { bundle, context } = own;
  const { classes, space, tasks } = bundle.manifest;
  const measured = [...bundle.profiles.values()].slice(0, 2);
  const unseen = measured.slice(0, 1).map((profile) => perturbedProfile(profile, options.seed));
  const chosenTasks = Object.keys(tasks).slice(0, options.tasks);
  const cellsOf = (profiles: readonly DeviceProfile[]) =>
    profiles.flatMap((profile) => {
      const table = latencyTable(profile, space);
      const { smallest, largest } = costRange(context.decisions, table);
      return chosenTasks.flatMap((task) =>
        Array.from({ length: options.budgets }, (_, i): Cell => {
          const most = smallest + ((largest - smallest) * (i + 0.5)) / options.budgets;
          const members = (tasks[task] as readonly string[]).map((name) => classes.indexOf(name));
          return { task, classes: members.sort((a, b) => a - b), device: profile.name, table, most };
        }),
      );
    });
  const cells = { measured: cellsOf(measured), unseen: cellsOf(unseen) };
  const all = [...cells.measured, ...cells.unseen];
  console.log(
    `${chosenTasks.length} tasks x ${options.budgets} budgets on ${measured.length} measured devices and ` +
      `${unseen.length} that nobody measured: ${all.length} cells; test images: ${own.test.images.length}`,
  );

  console.log(`random search and additive utilities: ${options.subnets} subnets on the validation images …`);
  const table = await measureValidation(own, options);
  const settings = { ...onceForAllSettings, generations: options.generations };
  const baselines: Baseline[] = [
    randomSearch(context, table),
    onceForAll(ofa?.context ?? context, classes.length, settings),
    taskSearch(context, options.rescored, settings),
    additiveUtilities(context, table),
  ];
  const generated = await chooseByGenerator(options.directory, [...measured, ...unseen], all);
  const overBudget = all.filter((cell, i) => !isWithin(cell, context.decisions, generated[i] as Architecture)).length;

  const results: Record<string, { measured: Difference; unseen: Difference }> = {};
  const generatedRight = await rightOf(own, all, generated);
  const random = new Random(options.seed);
  console.log(`generator: mean accuracy ${meanAccuracy(generatedRight)}`);
  for (const baseline of baselines) {
    const started = performance.now();
    const choices: Architecture[] = [];
    for (const cell of all) choices.push(await baseline.choose(cell));
    const seconds = (performance.now() - started) / 1000;
    // Subnets of another supernet are scored with its weights.
    const right = await rightOf(baseline.name === 'Once-for-All' && ofa ? ofa : own, all, choices);
    const pairs = all.map((cell, i): PairedCell => {
      const [first, second] = [generatedRight[i] as Scored, right[i] as Scored];
      return { task: cell.task, images: first.images, first: first.right, second: second.right };
    });
    const result = {
      measured: pairedDifference(pairs.slice(0, cells.measured.length), random),
      unseen: pairedDifference(pairs.slice(cells.measured.length), random),
    };
    results[baseline.name] = result;
    console.log(
      `${baseline.name.padEnd(20)} mean accuracy ${meanAccuracy(right)}; generator - it: ${text(result.measured)} points, ` +
        `on unseen devices ${text(result.unseen)}; chosen in ${seconds.toFixed(1)} s`,
    );
  }

  const exhaustive = await exhaustiveRegret(own, cells.measured);
  console.log(
    `sub-space of ${exhaustive.size}: the generator's choice is ${exhaustive.hindsight.toFixed(2)} points below the best in ` +
      `hindsight, ${exhaustive.validation.toFixed(2)} below the choice by validation images`,
  );
  const [taskResult, ofaResult] = [results['task search'], results['Once-for-All']];
  const pick = (difference: Difference | undefined) => rounded(difference?.points ?? Number.NaN, 2);
  const interval = (difference: Difference | undefined) => difference?.interval.map((end) => rounded(end, 2));
  return {
    vs_task_search: pick(taskResult?.measured),
    vs_task_search_interval: interval(taskResult?.measured),
    // Without a supernet that was trained without task dropout, this compares the searches alone.
    vs_ofa: ofa ? pick(ofaResult?.measured) : null,
    vs_all_class_search: ofa ? null : pick(ofaResult?.measured),
    vs_all_class_search_interval: ofa ? null : interval(ofaResult?.measured),
    vs_ofa_interval: ofa ? interval(ofaResult?.measured) : null,
    vs_random: pick(results['random search']?.measured),
    vs_random_interval: interval(results['random search']?.measured),
    vs_additive: pick(results['additive utilities']?.measured),
    vs_additive_interval: interval(results['additive utilities']?.measured),
    over_budget: overBudget,
    exhaustive_regret: rounded(exhaustive.hindsight, 2),
    exhaustive_regret_validation: rounded(exhaustive.validation, 2),
    unseen_device_growth: rounded((taskResult?.measured.points ?? 0) - (taskResult?.unseen.points ?? 0), 2),
    cells: all.length,
    test_images: own.test.images.length,
  };
}

interface Scored {
  readonly images: Int32Array;
  readonly right: Uint8Array;
}

async function measureValidation(own: Setting, options: Options) {
  const { manifest, supernet } = own.bundle;
  const { space, classes, preprocessing } = manifest;
  const dataset = await openDataset(options.data, { resolution: space.resolutions.at(-1) as number });
  if (options.cache) await mkdir(options.cache, { recursive: true });
  return measureLogits({
    supernet,
    architectures: architecturesToMeasure(
      space,
      macsTable(space, classes.length),
      options.subnets,
      new Random(options.seed + 17),
    ),
    split: dataset.validation,
    classes: classes.length,
    resolution: dataset.resolution,
    normalization: preprocessing,
    images: dataset.validation.size,
    ...(options.cache ? { file: join(options.cache, 'validation-logits.bin') } : {}),
  });
}

/** As an application asks: by device, all of its requests at once. */
async function chooseByGenerator(directory: string, profiles: readonly DeviceProfile[], cells: readonly Cell[]) {
  const choices = new Map<Cell, Architecture>();
  for (const profile of profiles) {
    const easel = await Easel.load(directory, { device: profile });
    const asked = cells.filter(({ device }) => device === profile.name);
    const answers = await easel.architectures(
      asked.map(({ task, most }) => ({ tasks: [task], budget: { latencyMs: most } })),
    );
    for (const [i, cell] of asked.entries()) choices.set(cell, answers[i] as Architecture);
    await easel.dispose();
  }
  return cells.map((cell) => choices.get(cell) as Architecture);
}

async function rightOf({ test }: Setting, cells: readonly Cell[], choices: readonly Architecture[]): Promise<Scored[]> {
  const scored: Scored[] = [];
  for (const [i, cell] of cells.entries()) {
    scored.push(rightOnes(await test.logits(choices[i] as Architecture), cell.classes));
  }
  return scored;
}

const share = (right: Uint8Array) => right.reduce((sum, one) => sum + one, 0) / right.length;

function meanAccuracy(scored: readonly Scored[]): string {
  const mean = scored.reduce((sum, { right }) => sum + share(right), 0) / scored.length;
  return `${(100 * mean).toFixed(2)} %`;
}

function text({ points, interval: [low, high] }: Difference): string {
  return `${points.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

/** Everything in a small sub-space, measured; the generator chooses there by its utilities alone. */
async function exhaustiveRegret(own: Setting, cells: readonly Cell[]) {
  const { bundle, context, test, validation } = own;
  const { space, classes } = bundle.manifest;
  const candidates = enumerableArchitectures(space);
  const encoder = new FeatureEncoder(space, classes.length);
  const session = await nodeRuntime.createSession(bundle.generator);
  let [hindsight, byValidation] = [0, 0];
  try {
    for (const cell of cells) {
      const features = tensor([1, encoder.length], encoder.encode(cell.classes, [cell]));
      const { [generatorOutput]: output } = await session.run({ [generatorInput]: features });
      const utilities = (output as Tensor).data;
      const within = candidates.filter((architecture) => isWithin(cell, context.decisions, architecture));
      const best = async (score: (architecture: Architecture) => number | Promise<number>) => {
        let found: { architecture: Architecture; score: number } | undefined;
        for (const architecture of within) {
          const own = await score(architecture);
          if (!found || own > found.score) found = { architecture, score: own };
        }
        return (found as { architecture: Architecture }).architecture;
      };
      const tested = async (architecture: Architecture) =>
        share(rightOnes(await test.logits(architecture), cell.classes).right);
      const chosen = await tested(
        await best((architecture) =>
          encodeArchitecture(context.decisions, architecture).reduce(
            (sum, on, option) => sum + on * (utilities[option] as number),
            0,
          ),
        ),
      );
      const ideal = await tested(await best(tested));
      const searched = await tested(
        await best(async (architecture) => share(rightOnes(await validation.logits(architecture), cell.classes).right)),
      );
      hindsight += (100 * (ideal - chosen)) / cells.length;
      byValidation += (100 * (searched - chosen)) / cells.length;
    }
  } finally {
    await session.dispose();
  }
  return { size: candidates.length, hindsight, validation: byValidation };
}
