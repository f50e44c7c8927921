import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openBundlePredictor } from '@easel/exporter/evaluation';
import { type Cell, taskSearch } from '@easel/exporter/evaluation/baselines';
import { Easel, type Request } from '@easel/sdk';
import { generatorInput, generatorOutput, loadBundle } from '@easel/sdk/bundle';
import { CostTables, Decoder, FeatureEncoder, type Limit, limitsOf } from '@easel/sdk/generator';
import { directorySource, nodeRuntime } from '@easel/sdk/node';
import { decisionsOf } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';
import { type Benchmark, median, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';
import { inChromium } from './support/host.js';
import { withRandomBundle } from './support/random-bundle.js';
import { timeScenarios } from './support/scenario-timing.js';

const count = 50;

/** What the paper reports for fifty deployment scenarios. */
const paperMs = 100;

const defaultBundle = 'examples/bundles/cifar10';

export const benchmark: Benchmark = {
  summary: `${count} random scenarios, from request to decoded architectures; in Node, with --chromium in a page too`,

  async run(args) {
    const values = parseFlags(args, {
      bundle: { type: 'string' },
      repeats: { type: 'string', default: '200' },
      searched: { type: 'string', default: String(count) },
      chromium: { type: 'boolean', default: false },
    });
    const repeats = wholeNumber('repeats', values.repeats);
    const { chromium } = values;
    const searched = Math.min(count, wholeNumber('searched', values.searched, 0));
    const bundle = values.bundle ?? defaultBundle;
    if (values.bundle === undefined && !existsSync(join(bundle, 'manifest.json'))) {
      console.log(`${bundle} is not here: taking a bundle of the same form with random weights.`);
      return withRandomBundle((directory) => measure(directory, 'a random bundle', { repeats, searched, chromium }));
    }
    return measure(bundle, bundle, { repeats, searched, chromium });
  },
};

async function measure(
  bundle: string,
  label: string,
  { repeats, searched, chromium }: { repeats: number; searched: number; chromium: boolean },
): Promise<Record<string, unknown>> {
  const probe = await Easel.load(bundle);
  const { devices } = probe;
  await probe.dispose();
  if (devices.length < 2) throw new Error(`${bundle} has ${devices.length} device profiles; two are needed`);
  const pair = devices.slice(0, 2);
  console.log(`${count} scenarios (tasks x budgets) on ${label}, half of them on each of two profiles:`);
  for (const device of pair) console.log(`  ${device}`);

  return withEasels(bundle, pair, async (easels) => {
    const { requests, infeasible, cold, times } = await timeScenarios(easels, count, repeats);
    const totalMs = median(times);
    const split = await measureParts(bundle, pair, requests, repeats);
    console.log(`first time in this process: ${cold.toFixed(2)} ms`);
    console.log(
      `median of ${repeats}: ${totalMs.toFixed(2)} ms (the paper: ${paperMs} ms on its own hardware), of which`,
    );
    for (const [part, ms] of Object.entries(split)) console.log(`  ${part.padEnd(10)} ${ms.toFixed(2)} ms`);
    const page = chromium ? await measureInChromium(bundle, pair, repeats) : {};
    const search = await measureSearch(bundle, pair, requests, searched);
    return {
      scenarios: count,
      total_ms: rounded(totalMs),
      infeasible,
      cold_ms: rounded(cold),
      fastest_ms: rounded(Math.min(...times)),
      generator_ms: rounded(split.generator),
      decode_ms: rounded(split.decode),
      ...page,
      ...search,
    };
  });
}

async function measureInChromium(
  bundle: string,
  devices: readonly string[],
  repeats: number,
): Promise<Record<string, unknown>> {
  const { cold, times } = await inChromium(bundle, 'scenarios', [devices, count, repeats]);
  const totalMs = median(times);
  console.log(`in Chromium: median of ${repeats}: ${totalMs.toFixed(2)} ms; the first time ${cold.toFixed(2)} ms`);
  return { chromium_ms: rounded(totalMs), chromium_cold_ms: rounded(cold) };
}

/**
 * The time of an evolutionary search of its own for each of the same scenarios (Once-for-All's settings, through the
 * bundle's accuracy predictor, no images), one after the other.
 */
async function measureSearch(
  bundle: string,
  devices: readonly string[],
  requests: readonly (readonly Request[])[],
  wanted: number,
): Promise<Record<string, unknown>> {
  const loaded = await loadBundle(directorySource(bundle));
  const predictor = wanted > 0 ? await openBundlePredictor(loaded) : undefined;
  if (!predictor) {
    console.log(wanted > 0 ? 'no search: the bundle has no accuracy predictor' : 'no search');
    return { searched: 0, search_ms: null };
  }
  const { space, classes, tasks } = loaded.manifest;
  const search = taskSearch(
    {
      space,
      decisions: decisionsOf(space),
      seed: 1,
      predict: predictor.predict,
      measure: () => Promise.reject(new Error('this search sees no images')),
    },
    0,
  );
  const cells = requests.flatMap((ofDevice, d): Cell[] => {
    const device = devices[d] as string;
    const table = new CostTables(space, loaded.profiles.get(device)).get('latencyMs', classes.length);
    return ofDevice.map(({ tasks: names = [], budget }): Cell => {
      const wanted = new Set(names.flatMap((name) => tasks[name] ?? []));
      const members = classes.flatMap((name, index) => (wanted.has(name) ? [index] : []));
      return { task: names.join(), classes: members, device, table, most: budget.latencyMs as number };
    });
  });
  const chosen = cells.filter((_, i) => i % Math.ceil(cells.length / wanted) === 0);
  const start = performance.now();
  for (const cell of chosen) await search.choose(cell);
  const ms = performance.now() - start;
  await predictor.dispose();
  const all = (ms / chosen.length) * cells.length;
  console.log(
    `an evolutionary search for ${chosen.length} of them: ${(ms / 1000).toFixed(1)} s, for all ${(all / 1000).toFixed(1)} s`,
  );
  return { searched: chosen.length, search_ms: rounded(all, 0) };
}

async function withEasels<T>(
  bundle: string,
  devices: readonly string[],
  use: (easels: readonly Easel[]) => Promise<T>,
): Promise<T> {
  const easels = await Promise.all(devices.map((device) => Easel.load(bundle, { device })));
  try {
    return await use(easels);
  } finally {
    await Promise.all(easels.map((easel) => easel.dispose()));
  }
}

/** Median times of the parts, in ms for all scenarios: requests to features, the generator's runs, the knapsacks. */
async function measureParts(
  bundle: string,
  devices: readonly string[],
  requests: readonly (readonly Request[])[],
  repeats: number,
): Promise<{ features: number; generator: number; decode: number }> {
  const { manifest, profiles, generator } = await loadBundle(directorySource(bundle));
  const { space, classes, tasks } = manifest;
  const encoder = new FeatureEncoder(space, classes.length);
  const decoder = new Decoder(decisionsOf(space));
  const session = await nodeRuntime.createSession(generator);
  const times = { features: [] as number[], generator: [] as number[], decode: [] as number[] };
  try {
    const tables = devices.map((device) => new CostTables(space, profiles.get(device)));
    for (let repeat = 0; repeat < repeats; repeat++) {
      const spent = { features: 0, generator: 0, decode: 0 };
      for (const [d, ofDevice] of requests.entries()) {
        const start = performance.now();
        const features = tensor([ofDevice.length, encoder.length]);
        const limits = ofDevice.map(({ budget, tasks: names = [] }, i): readonly Limit[] => {
          const wanted = new Set(names.flatMap((name) => tasks[name] ?? []));
          const indices = classes.flatMap((name, index) => (wanted.has(name) ? [index] : []));
          const own = limitsOf(budget, tables[d] as CostTables, indices.length);
          encoder.encode(indices, own, features.data.subarray(i * encoder.length, (i + 1) * encoder.length));
          return own;
        });
        const encoded = performance.now();
        const { [generatorOutput]: utilities } = await session.run({ [generatorInput]: features });
        const generated = performance.now();
        const { shape, data } = utilities as Tensor;
        const options = shape[1] as number;
        limits.forEach((own, i) => {
          decoder.decode(data.subarray(i * options, (i + 1) * options), own);
        });
        spent.features += encoded - start;
        spent.generator += generated - encoded;
        spent.decode += performance.now() - generated;
      }
      for (const part of ['features', 'generator', 'decode'] as const) times[part].push(spent[part]);
    }
  } finally {
    await session.dispose();
  }
  return { features: median(times.features), generator: median(times.generator), decode: median(times.decode) };
}
