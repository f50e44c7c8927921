import { pairedDifference } from '@easel/exporter/evaluation';
import { type Cell, evolve, isWithin, onceForAllSettings, randomOf } from '@easel/exporter/evaluation/baselines';
import { generatorInput, generatorOutput } from '@easel/sdk/bundle';
import { costRange, Decoder, FeatureEncoder } from '@easel/sdk/generator';
import { nodeRuntime } from '@easel/sdk/node';
import { latencyTable } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { type Architecture, architectureOf, chosenOptions, type Decision, formatArchitecture } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, UsageError, wholeNumber } from './support/flags.js';
import { Progress } from './support/progress.js';
import { openSetting, type Setting, settingFlags, settingOptions } from './support/regret-setting.js';
import { meanAccuracy, pairs, rightOf, type Scored, text } from './support/scoring.js';

export const benchmark: Benchmark = {
  summary: "whether the generator's answer gets better by a search through the accuracy predictor, on test images",

  async run(args) {
    const values = parseFlags(args, {
      ...settingFlags,
      sets: { type: 'string', default: '24' },
      least: { type: 'string', default: '2' },
      most: { type: 'string', default: '5' },
      budgets: { type: 'string', default: '5' },
      generations: { type: 'string', default: '100' },
      seed: { type: 'string', default: '77' },
      threads: { type: 'string', default: '1' },
    });
    if (values.data === undefined) throw new UsageError('which images? bench answers --data cifar10.tar');
    const whole = (flag: keyof typeof values, least = 1) => wholeNumber(flag, values[flag] as string, least);
    const sizes = [whole('least', 2), whole('most', 2)] as const;
    if (sizes[1] < sizes[0]) throw new UsageError(`--most ${sizes[1]}: wanted is no less than --least, ${sizes[0]}`);
    const progress = new Progress();
    const setting = await openSetting(values.bundle, settingOptions(values.data, values, progress));
    try {
      const cells = drawCells(setting, {
        sets: whole('sets'),
        sizes,
        budgets: whole('budgets'),
      });
      console.log(
        `${values.sets} random class sets x ${values.budgets} budgets, ${setting.test.images.length} test images`,
      );
      return await compare(setting, cells, whole('generations', 0), progress);
    } finally {
      await setting.dispose();
    }
  },
};

/** A way to answer. */
type Answer = (cell: Cell) => Promise<Architecture>;

async function compare(setting: Setting, cells: readonly Cell[], generations: number, progress: Progress) {
  const { context } = setting;
  const { own, others, close } = await answers(setting, generations);
  const results: Record<string, unknown> = { cells: cells.length };
  try {
    let generated: readonly Scored[] = [];
    for (const [name, answer] of Object.entries({ own, ...others })) {
      const choices = await progress.each(name, cells, answer);
      const scored = await rightOf(setting, cells, choices, `${name} on test images`, progress);
      const predicted = await Promise.all(
        cells.map(
          async ({ classes }, i) => (await context.predict(classes, [choices[i] as Architecture]))[0] as number,
        ),
      );
      const mean = (100 * predicted.reduce((sum, value) => sum + value, 0)) / cells.length;
      let line = `${name}: measured ${meanAccuracy(scored)}, predicted ${mean.toFixed(2)} %`;
      if (name === 'own') generated = scored;
      else {
        const difference = pairedDifference(pairs(cells, scored, generated), new Random(1));
        results[name] = rounded(difference.points, 2);
        results[`${name}_interval`] = difference.interval.map((end) => rounded(end, 2));
        line += `; ${text(difference)} points better than the generator's own`;
      }
      console.log(line);
    }
  } finally {
    await close();
  }
  return results;
}

/** On the bundle's first device. */
function drawCells(
  { bundle: { manifest, profiles }, context }: Setting,
  { sets, sizes: [least, most], budgets }: { sets: number; sizes: readonly [number, number]; budgets: number },
): Cell[] {
  const random = new Random(context.seed);
  const [profile] = profiles.values();
  if (!profile) throw new Error('the bundle has no device profile');
  const table = latencyTable(profile, manifest.space);
  const { smallest, largest } = costRange(context.decisions, table);
  return Array.from({ length: sets }, () => {
    const all = random.shuffle(manifest.classes.map((_, index) => index));
    return all.slice(0, least + random.integer(most - least + 1)).sort((a, b) => a - b);
  }).flatMap((classes) =>
    Array.from({ length: budgets }, (_, i): Cell => {
      const budget = smallest + ((largest - smallest) * (i + 0.5)) / budgets;
      return { task: classes.join('+'), classes, device: profile.name, table, most: budget };
    }),
  );
}

async function answers({ bundle, context }: Setting, generations: number) {
  const { manifest, generator } = bundle;
  const { space, classes } = manifest;
  const { decisions, predict } = context;
  const encoder = new FeatureEncoder(space, classes.length);
  const decoder = new Decoder(decisions);
  const session = await nodeRuntime.createSession(generator);
  const generate = async (set: readonly number[], { table }: Cell, most: number) => {
    const features = tensor([1, encoder.length], encoder.encode(set, [{ table, most }]));
    const { [generatorOutput]: utilities } = await session.run({ [generatorInput]: features });
    return decoder.decode((utilities as Tensor).data, [{ table, most }]);
  };
  const bestPredicted = async (cell: Cell, candidates: readonly Architecture[]) => {
    const predicted = await predict(cell.classes, candidates);
    return candidates[predicted.indexOf(Math.max(...predicted))] as Architecture;
  };
  const own: Answer = (cell) => generate(cell.classes, cell, cell.most);
  const others: Record<string, Answer> = {
    async best_of_twelve_budgets(cell) {
      const { smallest } = costRange(decisions, cell.table);
      const budgets = Array.from({ length: 12 }, (_, i) => smallest + (cell.most - smallest) * (1 - 0.03 * i));
      const found: Architecture[] = [];
      for (const most of budgets) found.push(await generate(cell.classes, cell, most));
      return bestPredicted(cell, found);
    },
    async improved_by_prediction(cell) {
      let best = await own(cell);
      for (let step = 0; step < 10; step++) {
        const next = await bestPredicted(cell, [best, ...neighbours(decisions, best, cell)]);
        if (formatArchitecture(next) === formatArchitecture(best)) break;
        best = next;
      }
      return best;
    },
    async search(cell) {
      const within = (architecture: Architecture) => isWithin(cell, decisions, architecture);
      const score = (all: readonly Architecture[]) => predict(cell.classes, all);
      const settings = { ...onceForAllSettings, generations };
      const [best] = await evolve(space, decisions, within, score, randomOf(context, cell), settings);
      return (best as { architecture: Architecture }).architecture;
    },
    for_all_classes: (cell) => generate([...classes.keys()], cell, cell.most),
  };
  return { own, others, close: () => session.dispose() };
}

/** What is within the budget and differs in one decision; new blocks choose as the one before them. */
function neighbours(decisions: readonly Decision[], architecture: Architecture, cell: Cell): Architecture[] {
  const chosen = chosenOptions(decisions, architecture);
  return decisions.flatMap((decision, d) => {
    if (chosen[d] === -1) return [];
    return [...decision.options.keys()].flatMap((option) => {
      if (option === chosen[d]) return [];
      const next = chosen.with(d, option);
      if (decision.kind === 'depth') {
        let last = 0;
        decisions.forEach((other, i) => {
          if (other.kind !== 'block' || other.unit !== decision.unit) return;
          last = (next[i] as number) < 0 ? last : (next[i] as number);
          next[i] = last;
        });
      }
      const changed = architectureOf(decisions, next);
      return isWithin(cell, decisions, changed) ? [changed] : [];
    });
  });
}
