import type { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { percentileInterval } from '../evaluation/index.js';
import { leastSetsToJudge, type SetScores } from './class-scores.js';
import { fitNetwork, type Lesson, ownPart } from './fit.js';
import { initializeGenerator, measureFeatures, type NetworkWeights } from './mlp.js';
import type { Half, Preferences, Strength } from './preferences.js';
import type { Scenario } from './scenarios.js';
import type { GeneratorTraining, GeneratorTrainingOptions } from './train.js';

/** What was learned about requests, and how it was checked. */
export interface Conditioning {
  /** Of the network: the one with which unseen class sets were answered best. */
  readonly weightDecay: number;
  /** Of class sets' own preferences: see `Preferences`. */
  readonly classes: Strength;
  /** The share of measured preferences of budgets and devices that is kept. */
  readonly budgetKept: number;
  /**
   * A generator that learned from one half of the images, judged by the other half on class sets that it never saw, and
   * the other way round: squared error relative to answering all requests alike, and its 95 % interval (bootstrap over
   * class sets). Where there are too few class sets to leave some out: 1. What it is judged by is noisy, so that even a perfect generator stays far above 0.
   */
  readonly heldOutRatio: number;
  readonly interval: readonly [number, number];
  /** False where the interval does not exclude that requests are better answered alike: then they are. */
  readonly used: boolean;
}

/**
 * How strongly the network is held back, relative to `fit.weightDecay`: the more classes there are, the fewer images and
 * class sets speak for each, and the more it takes.
 */
const restraints = [1, 10, 100];

/** Fits the network to what class sets, and budgets on devices, prefer, as far as that helps with unseen ones. */
export async function fitGenerator(
  { featuresOf, signal }: Pick<GeneratorTraining, 'featuresOf' | 'signal'>,
  options: Pick<GeneratorTrainingOptions, 'requests' | 'hidden' | 'fit'>,
  preferences: Preferences,
  scores: readonly SetScores[],
  budgets: readonly Scenario[],
  closeness: readonly Float64Array[],
  random: Random,
  onProgress: (done: number, total: number) => void,
): Promise<{ weights: NetworkWeights; conditioning: Conditioning }> {
  const ofBudgets = (half: Half) => closeness.map((weights) => preferences.ofBudget(weights, half));
  const ofClasses = (half: Half, raw = false) => scores.map((_, set) => preferences.ofClasses(set, half, raw));
  const lessonsOf = (
    sets: readonly number[],
    ofSet: readonly Float64Array[],
    ofBudget: readonly Float64Array[],
    count: number,
  ) =>
    Array.from({ length: count }, (_, i): Lesson & { set: number } => {
      const set = sets[i % sets.length] as number;
      const budget = random.integer(budgets.length);
      const scenario = budgets[budget] as Scenario;
      const own = ofSet[set] as Float64Array;
      return {
        set,
        features: featuresOf({ ...scenario, classes: (scores[set] as SetScores).classes }),
        targets: Float32Array.from(ofBudget[budget] as Float64Array, (value, o) => value + (own[o] as number)),
      };
    });
  const all = scores.map((_, set) => set);
  const common = Float32Array.from(preferences.common);
  const sample = lessonsOf(all, ofClasses('all', true), ofBudgets('all'), 512).map(({ features }) => features);
  const initial = initializeGenerator(measureFeatures(sample), options.hidden, common, random);
  const { classes, budgetKept } = preferences;
  const alike = { ...initial, outputWeight: tensor(initial.outputWeight.shape) };
  if (scores.length < leastSetsToJudge) {
    const nothingShown = {
      weightDecay: options.fit.weightDecay,
      heldOutRatio: 1,
      interval: [1, 1],
      used: false,
    } as const;
    return { weights: alike, conditioning: { classes, budgetKept, ...nothingShown } };
  }
  // Either half teaches every restraint, then all images the best one.
  const total = (2 * restraints.length + 1) * options.fit.epochs;
  let done = 0;
  const fit = async (lessons: readonly Lesson[], weightDecay: number) => {
    const fitted = await fitNetwork(
      initial,
      { lessons, ...(signal ? { signal } : {}), onProgress: () => onProgress(++done, total) },
      { ...options.fit, weightDecay },
    );
    return fitted.weights;
  };
  const [seen, unseen] = [all.filter((set) => set % 5 !== 0), all.filter((set) => set % 5 === 0)];
  const lessonsOfHalf = (half: Half) => lessonsOf(seen, ofClasses(half), ofBudgets(half), options.requests);
  const judgeBy = (half: Half, weights: NetworkWeights) =>
    squaredErrors(weights, lessonsOf(unseen, ofClasses(half, true), ofBudgets(half), 4 * unseen.length), preferences);
  const trials = { odd: [] as Trial[], even: [] as Trial[] };
  for (const [taught, judging] of [
    ['odd', 'even'],
    ['even', 'odd'],
  ] as const) {
    const lessons = lessonsOfHalf(taught);
    for (const restraint of restraints) {
      const weightDecay = restraint * options.fit.weightDecay;
      trials[taught].push({ weightDecay, errors: judgeBy(judging, await fit(lessons, weightDecay)) });
    }
  }
  // What one half finds best is judged by the network that the other one taught, so that nothing judges its own choice.
  const chosenBy = (taught: 'odd' | 'even') => leastIndex(trials[taught].map(({ errors }) => ratioOf(errors)));
  const judged = judge(
    [...(trials.even[chosenBy('odd')] as Trial).errors, ...(trials.odd[chosenBy('even')] as Trial).errors],
    random,
  );
  const best = leastIndex(
    restraints.map((_, i) => ratioOf([trials.odd[i], trials.even[i]].flatMap((each) => (each as Trial).errors))),
  );
  const weightDecay = (restraints[best] as number) * options.fit.weightDecay;
  const used = judged.interval[1] < 1;
  const final = await fit(lessonsOf(all, ofClasses('all'), ofBudgets('all'), options.requests), weightDecay);
  return {
    weights: used ? final : alike,
    conditioning: { weightDecay, classes, budgetKept, ...judged, used },
  };
}

interface Trial {
  readonly weightDecay: number;
  readonly errors: readonly SetError[];
}

/** Of the answers to one class set's requests, and of answering nothing. */
interface SetError {
  readonly set: number;
  readonly error: number;
  readonly zero: number;
}

/** In the metric of what utilities predict. */
function squaredErrors(
  weights: NetworkWeights,
  lessons: readonly (Lesson & { set: number })[],
  preferences: Preferences,
): SetError[] {
  const power = (values: Float64Array) => preferences.product(values, values);
  return lessons.map(({ set, features, targets }) => {
    const answer = ownPart(weights, features);
    return {
      set,
      error: power(Float64Array.from(targets, (target, o) => target - (answer[o] as number))),
      zero: power(Float64Array.from(targets)),
    };
  });
}

function ratioOf(errors: readonly Omit<SetError, 'set'>[]): number {
  return errors.reduce((sum, { error }) => sum + error, 0) / errors.reduce((sum, { zero }) => sum + zero, 0);
}

/** The relative error and its 95 % interval: bootstrap over class sets. */
function judge(errors: readonly SetError[], random: Random): Pick<Conditioning, 'heldOutRatio' | 'interval'> {
  const bySet = new Map<number, { error: number; zero: number }>();
  for (const { set, error, zero } of errors) {
    const sums = bySet.get(set) ?? { error: 0, zero: 0 };
    bySet.set(set, { error: sums.error + error, zero: sums.zero + zero });
  }
  const sets = [...bySet.values()];
  const resampled = Array.from({ length: 1000 }, () => ratioOf(sets.map(() => random.pick(sets))));
  return { heldOutRatio: ratioOf(sets), interval: percentileInterval(resampled) };
}

function leastIndex(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
