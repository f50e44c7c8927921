import { Decoder } from '@easel/sdk/generator';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  type CostTable,
  decisionsOf,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Statistics, Weights } from '@easel/sdk/subnet';
import type { Dataset, Normalization } from '../data/index.js';
import type { Engine } from '../engine/index.js';
import { subnetLogits } from '../evaluation/index.js';
import { defaultFitOptions, type FitOptions, fitGenerator, type Lesson, utilitiesOf } from './fit.js';
import { exportGenerator, type GeneratorWeights, initializeGenerator, measureFeatures } from './mlp.js';
import { randomClasses, randomScenario, type Scenario, type ScenarioSource } from './scenarios.js';
import { SensitivityProbe } from './sensitivity.js';
import { fitUtilities, type LogitsTable } from './utilities.js';

export interface GeneratorTrainingOptions {
  readonly seed: number;
  /** Subnets measured for the closed-form utilities. Default 160. */
  readonly subnets: number;
  /** Validation images each is measured on. Default 2000. */
  readonly images: number;
  /** Scenarios that share a pass through the gated supernet. Default 8. */
  readonly scenarios: number;
  /** Images of each. Default 8. */
  readonly imagesPerScenario: number;
  /** Passes through the gated supernet. Default 200. */
  readonly steps: number;
  /** After each round the generator is fitted anew, so that the next one asks about the architectures it now prefers. */
  readonly rounds: number;
  readonly hidden: number;
  /** Deviation of the exploring noise, relative to that of the common utilities. Default 0.5. */
  readonly exploration: number;
  readonly fit: FitOptions;
}

export const defaultGeneratorOptions: GeneratorTrainingOptions = {
  seed: 0,
  subnets: 160,
  images: 2000,
  scenarios: 8,
  imagesPerScenario: 8,
  steps: 200,
  rounds: 2,
  hidden: 64,
  exploration: 0.5,
  fit: defaultFitOptions,
};

export type GeneratorEvent =
  | { readonly status: 'measuring'; readonly done: number; readonly total: number }
  | { readonly status: 'asking'; readonly done: number; readonly total: number; readonly loss: number }
  | { readonly status: 'fitted'; readonly round: number; readonly lessons: number; readonly heldOutRatio: number };

export interface GeneratorTraining {
  readonly space: SearchSpace;
  readonly dataset: Dataset;
  readonly weights: Weights;
  readonly statistics: Statistics;
  readonly normalization: Normalization;
  /** Latency tables of measured devices; training perturbs them. */
  readonly devices: readonly CostTable[];
  /** What the SDK will compute for a scenario. */
  readonly featuresOf: (scenario: Scenario) => Float32Array;
  readonly options?: Partial<GeneratorTrainingOptions>;
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: GeneratorEvent) => void;
}

export interface TrainedGenerator {
  readonly weights: GeneratorWeights;
  /** generator.onnx */
  readonly model: Uint8Array;
  readonly table: LogitsTable;
  /** See Fit. */
  readonly heldOutRatio: number;
}

/**
 * Our reading of the architecture generator of EAS (arXiv 2108.01224), in two parts. What all requests share is fitted in
 * closed form to measured subnets (utilities.ts). What a request changes is learned through the frozen supernet: random
 * scenarios are decoded with exploring noise, within their budgets, and the gradients of the gates say what every other
 * option would gain on the scenario's classes; the generator learns to predict that from the request.
 *
 * Only validation images are used: on training images all large subnets look equally good.
 */
export async function trainGenerator(training: GeneratorTraining): Promise<TrainedGenerator> {
  const options = { ...defaultGeneratorOptions, ...training.options };
  const random = new Random(options.seed);
  const { space, dataset } = training;
  const decisions = decisionsOf(space);
  const indexOf = new Map(dataset.classes.map((name, index) => [name, index]));
  const source: ScenarioSource = {
    space,
    decisions,
    tasks: Object.values(dataset.tasks).map((names) => names.map((name) => indexOf.get(name) as number)),
    classes: dataset.classes.length,
    devices: training.devices,
  };

  const table = await measureSubnets(training, options, random);
  const classSets = Array.from({ length: 64 }, () => randomClasses(source, random));
  const common = fitUtilities(decisions, table, classSets);
  const sample = Array.from({ length: 512 }, () => training.featuresOf(randomScenario(source, random)));
  const untrained = initializeGenerator(measureFeatures(sample), options.hidden, common, random);
  let weights = untrained;

  const lessons: Lesson[] = [];
  let heldOutRatio = 1;
  for (let round = 0; round < options.rounds; round++) {
    lessons.push(...(await askSupernet(training, options, source, weights, random, round)));
    const fit = await fitGenerator(untrained, lessons, { ...options.fit, seed: options.seed });
    ({ weights, heldOutRatio } = fit);
    training.onEvent?.({ status: 'fitted', round: round + 1, lessons: lessons.length, heldOutRatio });
  }
  return { weights, model: exportGenerator(weights), table, heldOutRatio };
}

async function measureSubnets(
  training: GeneratorTraining,
  options: GeneratorTrainingOptions,
  random: Random,
): Promise<LogitsTable> {
  const { space, dataset } = training;
  const unique = new Map<string, Architecture>();
  for (const architecture of [largestArchitecture(space), smallestArchitecture(space)]) {
    unique.set(formatArchitecture(architecture), architecture);
  }
  for (let tries = 0; unique.size < options.subnets && tries < 20 * options.subnets; tries++) {
    const architecture = randomArchitecture(space, random);
    unique.set(formatArchitecture(architecture), architecture);
  }
  const architectures = [...unique.values()];
  const logits: Float32Array[] = [];
  let labels: Int32Array = new Int32Array();
  for (const architecture of architectures) {
    training.signal?.throwIfAborted();
    const measured = await subnetLogits(training.weights, training.statistics, architecture, {
      ...training,
      classes: dataset.classes.length,
      split: dataset.validation,
      resolution: dataset.resolution,
      images: options.images,
    });
    logits.push(measured.logits);
    labels = measured.labels;
    training.onEvent?.({ status: 'measuring', done: logits.length, total: architectures.length });
  }
  return { architectures, logits, labels, classes: dataset.classes.length };
}

/** One round of lessons, spread over the space's resolutions. */
async function askSupernet(
  training: GeneratorTraining,
  options: GeneratorTrainingOptions,
  source: ScenarioSource,
  weights: GeneratorWeights,
  random: Random,
  round: number,
): Promise<Lesson[]> {
  const { space, decisions } = source;
  const decoder = new Decoder(decisions);
  const noise = options.exploration * deviationOf(weights.common.data);
  const stepsPerRound = Math.ceil(options.steps / options.rounds);
  const lessons: Lesson[] = [];
  let done = 0;
  for (const [r, resolution] of space.resolutions.entries()) {
    const share = Math.ceil(stepsPerRound / space.resolutions.length);
    const steps = Math.min(share, stepsPerRound - done);
    const probe = await SensitivityProbe.create(
      source,
      {
        ...training,
        split: training.dataset.validation,
        imageResolution: training.dataset.resolution,
        augmentation: { cropPadding: 0, horizontalFlip: training.dataset.horizontalFlip, cutout: 0 },
      },
      { resolution, scenarios: options.scenarios, imagesPerScenario: options.imagesPerScenario },
      training.engine,
    );
    try {
      for (let step = 0; step < steps; step++) {
        training.signal?.throwIfAborted();
        const scenarios: Scenario[] = [];
        const architectures: Architecture[] = [];
        const utilities: Float32Array[] = [];
        while (scenarios.length < options.scenarios) {
          const scenario = randomScenario(source, random);
          const own = utilitiesOf(weights, training.featuresOf(scenario));
          const noisy = own.map((utility) => utility + noise * gumbel(random));
          const limits = [{ table: atResolution(scenario.latency, r), most: scenario.latencyMs }];
          if (decoder.minimum(limits[0]?.table as CostTable) > scenario.latencyMs) continue;
          scenarios.push(scenario);
          utilities.push(own);
          architectures.push(decoder.decode(noisy, limits));
        }
        const answers = await probe.run(scenarios, architectures, utilities, random);
        answers.forEach(({ gains, known }, s) => {
          lessons.push({ features: training.featuresOf(scenarios[s] as Scenario), gains, known });
        });
        done++;
        const loss = answers.reduce((sum, answer) => sum + answer.loss, 0) / answers.length;
        training.onEvent?.({
          status: 'asking',
          done: round * stepsPerRound + done,
          total: options.rounds * stepsPerRound,
          loss,
        });
      }
    } finally {
      await probe.dispose();
    }
  }
  return lessons;
}

/** The same table with all other resolutions priced out. */
function atResolution(table: CostTable, resolution: number): CostTable {
  if (table.base.length === 1) return table;
  return { ...table, base: table.base.map((cost, r) => (r === resolution ? cost : Number.MAX_VALUE)) };
}

function gumbel(random: Random): number {
  return -Math.log(-Math.log(Math.max(random.float(), 1e-9)));
}

function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
