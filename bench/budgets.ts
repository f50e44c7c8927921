import { setTimeout } from 'node:timers/promises';
import { watchOthers } from '@easel/exporter/profiling';
import { Easel, type SpecializeRequest } from '@easel/sdk';
import { InfeasibleBudgetError } from '@easel/sdk/errors';
import { nodeRuntime } from '@easel/sdk/node';
import { predictLatency } from '@easel/sdk/profile';
import { type LatencyMeter, quantileOf, runtimeMeter, summarize, type Visit } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import { largestArchitecture, smallestArchitecture } from '@easel/sdk/space';
import { type Benchmark, median, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';

const budgetsPerTask = 5;
/** Between two requests: a round takes some ten seconds, in which a device may change its speed. */
const pauseMs = 100;
const visit: Visit = { warmUps: 3, least: 20, most: 100, ms: 25 };

/** A subnet that was chosen for a budget, measured right after. */
interface Kept {
  readonly budgetMs: number;
  readonly predictedMs: number;
  readonly measuredMs: number;
}

/** What became of the requests of one way to ask. */
interface Outcomes {
  readonly kept: Kept[];
  /** Budgets that were refused, because not even the smallest subnet keeps them at this moment. */
  refused: number;
}

export const benchmark: Benchmark = {
  summary: "whether the clock keeps the budgets of device: 'auto', with correct: true and without; in Node",

  async run(args) {
    const values = parseFlags(args, {
      bundle: { type: 'string', default: 'examples/bundles/cifar10' },
      threads: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
    });
    const threads = wholeNumber('threads', values.threads);
    const others = watchOthers();
    const outcomes = { uncorrected: none(), corrected: none() };
    const warnings: string[] = [];
    const rounds = wholeNumber('rounds', values.rounds);
    for (let round = 0; round < rounds; round++) {
      warnings.push(...(await measureRound(values.bundle, threads, round, outcomes)));
    }
    for (const warning of warnings) console.log(`  warning: ${warning}`);
    const results = Object.entries(outcomes).map(([name, outcome]) => [name, report(name, outcome)] as const);
    return {
      threads,
      rounds,
      warnings: warnings.length,
      other_programs_cores: rounded(others(), 2),
      ...Object.fromEntries(results),
    };
  },
};

const none = (): Outcomes => ({ kept: [], refused: 0 });

/** One adaptation, and every task at several budgets by it: corrected and not in turn, in random order. */
async function measureRound(
  bundle: string,
  threads: number,
  seed: number,
  { uncorrected, corrected }: { readonly uncorrected: Outcomes; readonly corrected: Outcomes },
): Promise<readonly string[]> {
  const easel = await Easel.load(bundle, { device: 'auto', threads, cache: false });
  const { profile, space, warnings } = easel;
  if (!profile) throw new Error("device: 'auto' leaves a profile");
  const correcting = await Easel.load(bundle, { device: profile, threads, correct: true });
  const meter = runtimeMeter(nodeRuntime, { threads });
  const [least, most] = [smallestArchitecture, largestArchitecture].map((extreme) =>
    predictLatency(profile, space, extreme(space)),
  ) as [number, number];
  const requests = Object.keys(easel.tasks).flatMap((task) =>
    Array.from({ length: budgetsPerTask }, (_, i) => ({
      tasks: [task],
      budget: { latencyMs: least + ((most - least) * (i + 0.5)) / budgetsPerTask },
    })),
  );
  for (const request of new Random(seed).shuffle(requests)) {
    await ask(easel, request, meter, uncorrected);
    await ask(correcting, request, meter, corrected);
    await setTimeout(pauseMs);
  }
  await Promise.all([easel.dispose(), correcting.dispose()]);
  return warnings;
}

async function ask(
  easel: Easel,
  request: SpecializeRequest & { readonly budget: { readonly latencyMs: number } },
  meter: LatencyMeter,
  outcomes: Outcomes,
): Promise<void> {
  try {
    const classifier = await easel.specialize(request);
    const { architecture, predicted } = classifier;
    const subject = { model: classifier.toOnnx(), resolution: architecture.resolution };
    await classifier.dispose();
    outcomes.kept.push({
      budgetMs: request.budget.latencyMs,
      predictedMs: predicted.latencyMs as number,
      measuredMs: quantileOf(await meter.time(subject, visit), 0.5),
    });
  } catch (error) {
    if (!(error instanceof InfeasibleBudgetError)) throw error;
    outcomes.refused++;
  }
}

function report(name: string, { kept, refused }: Outcomes) {
  const error = summarize(kept.map(({ predictedMs, measuredMs }) => predictedMs / measuredMs - 1));
  const over = kept.map(({ measuredMs, budgetMs }) => measuredMs / budgetMs);
  const result = {
    budgets: kept.length + refused,
    refused,
    within10: rounded(error.within10),
    within5: rounded(error.within5),
    held: rounded(over.filter((ratio) => ratio <= 1.05).length / kept.length),
    median_of_budget: rounded(median(over)),
    worst_of_budget: rounded(Math.max(...over), 2),
  };
  console.log(
    `  ${name.padEnd(12)} ${percent(result.within10)} predicted within 10 %, ${percent(result.held)} at most 5 % over the budget, ` +
      `the worst at ${result.worst_of_budget} of it; ${refused} of ${result.budgets} refused`,
  );
  return result;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
