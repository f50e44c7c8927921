import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  type CostTable,
  decisionsOf,
  encodeArchitecture,
  largestArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Statistics, Weights } from '@easel/sdk/subnet';
import {
  type Dataset,
  leastValidationImages,
  type Normalization,
  rarestClass,
  spreadOverClasses,
} from '../data/index.js';
import { DatasetError } from '../errors/index.js';
import { ClassScorer, type SetScores } from './class-scores.js';
import { type Conditioning, fitGenerator } from './conditioning.js';
import { defaultFitOptions, type FitOptions } from './fit.js';
import { architecturesToMeasure, type LogitsTable, measureLogits } from './logits-table.js';
import { exportGenerator, type NetworkWeights } from './mlp.js';
import { exportPredictor, fitPredictor } from './predictor.js';
import type { PredictorQuality } from './predictor-quality.js';
import { Preferences } from './preferences.js';
import { randomClasses, randomScenario, type Scenario, type ScenarioSource } from './scenarios.js';

export interface GeneratorTrainingOptions {
  readonly seed: number;
  /** Subnets that are run over the validation images. Default 240. */
  readonly subnets: number;
  /** Validation images for each; more images tell tasks apart better than more subnets. Default 5000. */
  readonly images: number;
  /** Class sets whose preferences are derived. Default 600. */
  readonly classSets: number;
  /** Budgets on perturbed devices whose preferences are derived. Default 300. */
  readonly budgets: number;
  /** Requests (class set, budget, device) that the generator learns from. Default 6000. */
  readonly requests: number;
  readonly hidden: number;
  /** Of the generator; the predictor takes only its learning rate and seed. */
  readonly fit: FitOptions;
}

export const defaultGeneratorOptions: GeneratorTrainingOptions = {
  seed: 0,
  subnets: 240,
  images: 5000,
  classSets: 600,
  budgets: 300,
  requests: 6000,
  hidden: 96,
  fit: defaultFitOptions,
};

export interface GeneratorEvent {
  readonly status: 'measuring' | 'scoring' | 'fitting the predictor' | 'fitting the generator';
  readonly done: number;
  readonly total: number;
}

export interface GeneratorTraining {
  readonly space: SearchSpace;
  readonly dataset: Dataset;
  readonly weights: Weights;
  readonly statistics: Statistics;
  readonly normalization: Normalization;
  /** Cost tables of measured devices; training perturbs them. */
  readonly devices: readonly CostTable[];
  /** What the SDK will compute for a scenario. */
  readonly featuresOf: (scenario: Scenario) => Float32Array;
  readonly options?: Partial<GeneratorTrainingOptions>;
  readonly threads?: number;
  /** Where measured logits are kept, so that a second call need not measure them again. */
  readonly tableFile?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: GeneratorEvent) => void;
}

export interface TrainedGenerator {
  readonly weights: NetworkWeights;
  /** generator.onnx, predictor.onnx */
  readonly model: Uint8Array;
  readonly predictor: Uint8Array;
  readonly predictorQuality: PredictorQuality;
  readonly table: LogitsTable;
  readonly conditioning: Conditioning;
}

/** Held back strongly: class sets overlap, so what one set shows of its classes is soon overfitted. */
const predictorFit = { batch: 256, epochs: 12, weightDecay: 2 };

/** Blocks of images: half of them against the other half, and each left out in turn. */
const mostBlocks = 16;

/** How near to a budget an architecture's cost must be to speak for it, relative to the device's range. */
const closenessWidth = 0.2;

/**
 * Our reading of the architecture generator of EAS (arXiv 2108.01224), through the frozen supernet: subnets are run over
 * validation images once; from their logits follows how each does on every class set; additive utilities are fitted to
 * that, shared by all requests and, shrunk by what is real of them, of single class sets and budgets on devices; a
 * small network learns to answer requests with them. Only validation images are used: on training images all large
 * subnets look equally good.
 *
 * @throws DatasetError if a class has hardly any of these images
 */
export async function trainGenerator(training: GeneratorTraining): Promise<TrainedGenerator> {
  const options = { ...defaultGeneratorOptions, ...training.options };
  const random = new Random(options.seed);
  const { signal, onEvent, featuresOf } = training;
  const source = sourceOf(training);
  // Told before anything is measured.
  const blocks = blocksOf(training.dataset, options.images);
  const event = (status: GeneratorEvent['status']) => (done: number, total: number) => {
    signal?.throwIfAborted();
    onEvent?.({ status, done, total });
  };

  const table = await measureSubnets(training, options, random, event('measuring'));
  const rows = table.architectures.map((architecture) => encodeArchitecture(source.decisions, architecture));
  const scorer = new ClassScorer(table, blocks);
  const scores = await scoreClassSets(scorer, source, options.classSets, random, event('scoring'));

  const predictor = await fitPredictor({
    rows,
    scores,
    facts: { confusions: scorer.confusions(), images: scorer.imagesPerClass },
    random,
    fit: { ...options.fit, ...predictorFit },
    ...(signal ? { signal } : {}),
    onProgress: event('fitting the predictor'),
  });

  const preferences = new Preferences(rows, scores, random);
  const budgets = Array.from({ length: options.budgets }, () => randomScenario(source, random));
  const closeness = budgets.map((budget) => closenessTo(budget, table, source));
  preferences.measureBudgets(rows, closeness.slice(0, 150), random);
  const generator = await fitGenerator(
    { preferences, scores, budgets, closeness, featuresOf },
    { ...options, random, signal, onProgress: event('fitting the generator') },
  );
  return {
    ...generator,
    model: exportGenerator(generator.weights),
    predictor: exportPredictor(predictor),
    predictorQuality: predictor.quality,
    table,
  };
}

function sourceOf({ space, dataset, devices }: GeneratorTraining): ScenarioSource {
  const indexOf = new Map(dataset.classes.map((name, index) => [name, index]));
  return {
    space,
    decisions: decisionsOf(space),
    tasks: Object.values(dataset.tasks).map((names) => names.map((name) => indexOf.get(name) as number)),
    classes: dataset.classes.length,
    devices,
  };
}

/** Subnets run over validation images. */
function measureSubnets(
  { space, weights, statistics, dataset, devices, normalization, threads, tableFile, signal }: GeneratorTraining,
  { subnets, images }: GeneratorTrainingOptions,
  random: Random,
  onProgress: (done: number, total: number) => void,
): Promise<LogitsTable> {
  return measureLogits({
    supernet: { space, weights, statistics },
    architectures: architecturesToMeasure(space, devices.at(-1) as CostTable, subnets, random),
    split: dataset.validation,
    classes: dataset.classes.length,
    resolution: dataset.resolution,
    normalization,
    images,
    ...(threads ? { threads } : {}),
    ...(tableFile ? { file: tableFile } : {}),
    ...(signal ? { signal } : {}),
    onProgress,
  });
}

/** An even number, so that every block has an image of every class. @throws DatasetError if a class has hardly any */
function blocksOf({ name, classes, validation }: Dataset, most: number): number {
  const labels = spreadOverClasses(validation.labels, most).map((image) => validation.labels[image] as number);
  const { label, images } = rarestClass(labels, classes.length);
  if (images < leastValidationImages) {
    throw new DatasetError(
      name,
      `class "${classes[label]}" has ${images} of the validation images; ${leastValidationImages} are needed: ` +
        `hold out more when training (easel train --validation-fraction), or take more than ${most} (--images)`,
    );
  }
  return Math.min(mostBlocks, images - (images % 2));
}

async function scoreClassSets(
  scorer: ClassScorer,
  source: ScenarioSource,
  count: number,
  random: Random,
  onProgress: (done: number, total: number) => void,
): Promise<SetScores[]> {
  // All classes are always among them: what is asked for most often.
  const all = Array.from({ length: source.classes }, (_, index) => index);
  const unique = new Map([[all.join(), all as readonly number[]]]);
  for (let tries = 0; unique.size < count && tries < 20 * count; tries++) {
    const classes = randomClasses(source, random);
    unique.set(classes.join(), classes);
  }
  const scores: SetScores[] = [];
  for (const classes of unique.values()) {
    scores.push(scorer.score(classes));
    onProgress(scores.length, unique.size);
    // Lets a signal through.
    if (scores.length % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return random.shuffle(scores);
}

/** Weights of the measured architectures, by how near they are to a scenario's budget on its device. */
function closenessTo({ latency, latencyMs }: Scenario, table: LogitsTable, { space, decisions }: ScenarioSource) {
  const cost = (architecture: Parameters<typeof architectureCost>[2]) =>
    architectureCost(latency, decisions, architecture);
  // Of a space with a single architecture that one is near to every budget.
  const range = cost(largestArchitecture(space)) - cost(smallestArchitecture(space)) || 1;
  return Float64Array.from(table.architectures, (architecture) => {
    const distance = (cost(architecture) - latencyMs) / range / closenessWidth;
    return Math.exp(-(distance ** 2) / 2);
  });
}
