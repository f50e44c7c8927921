import type { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { leastSetsToJudge, type SetScores } from './class-scores.js';
import { fitNetwork, type Lesson, ownPart } from './fit.js';
import { type HeldOutError, judge, meanOf, ownErrors, ratioOf, type SetError, squaredErrors } from './judging.js';
import { initializeGenerator, measureFeatures, type NetworkWeights } from './mlp.js';
import type { Half, Preferences, Strength } from './preferences.js';
import type { Scenario } from './scenarios.js';
import type { GeneratorTraining, GeneratorTrainingOptions } from './train.js';

/**
 * What was learned about requests, and how it was checked: a generator that learned from one half of the images is judged
 * by the other half on class sets that it never saw, and the other way round. Ratios are 1 where there are too few class
 * sets to leave some out.
 */
export interface Conditioning extends HeldOutError {
  /** Of the network: the one with which unseen class sets were answered best. */
  readonly weightDecay: number;
  /** Of class sets' own preferences: see `Preferences`. */
  readonly classes: Strength;
  /** The share of measured preferences of budgets and devices that is kept. */
  readonly budgetKept: number;
  /**
   * Of class sets alone, at whatever budgets: what is answered to each differently from the others in the mean, judged by
   * what it prefers. `heldOutRatio` is of classes and budgets together. Reports of earlier versions have none.
   */
  readonly classesAlone?: HeldOutError;
  /** False where the interval does not exclude that requests are better answered alike: then they are. */
  readonly used: boolean;
}

/**
 * How strongly the network is held back, relative to `fit.weightDecay`: the more classes there are, the fewer images and
 * class sets speak for each, and the more it takes.
 */
const restraints = [1, 10, 100];

/** At which class sets' answers are compared by themselves; the same for all, so that nothing of a budget remains. */
const budgetsOfClasses = 8;

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
    const nothingShown = { heldOutRatio: 1, interval: [1, 1] } as const;
    const { weightDecay } = options.fit;
    return {
      weights: alike,
      conditioning: { weightDecay, classes, budgetKept, ...nothingShown, classesAlone: nothingShown, used: false },
    };
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
      const weights = await fit(lessons, weightDecay);
      trials[taught].push({ weights, errors: judgeBy(judging, weights) });
    }
  }
  // What one half finds best is judged by the network that the other one taught, so that nothing judges its own choice.
  const choiceOf = (taught: 'odd' | 'even') => leastIndex(trials[taught].map(({ errors }) => ratioOf(errors)));
  const [even, odd] = [trials.even[choiceOf('odd')] as Trial, trials.odd[choiceOf('even')] as Trial];
  const judged = judge([...even.errors, ...odd.errors], random);
  const best = leastIndex(
    restraints.map((_, i) => ratioOf([trials.odd[i], trials.even[i]].flatMap((each) => (each as Trial).errors))),
  );
  const weightDecay = (restraints[best] as number) * options.fit.weightDecay;
  const used = judged.interval[1] < 1;
  const final = await fit(lessonsOf(all, ofClasses('all'), ofBudgets('all'), options.requests), weightDecay);
  const answersOf = (weights: NetworkWeights) =>
    scores.map(({ classes }) =>
      meanOf(budgets.slice(0, budgetsOfClasses).map((budget) => ownPart(weights, featuresOf({ ...budget, classes })))),
    );
  const ownBy = (half: Half, { weights }: Trial) =>
    ownErrors({ answers: answersOf(weights), targets: ofClasses(half, true), seen, unseen, preferences });
  const classesAlone = judge([...ownBy('odd', even), ...ownBy('even', odd)], random);
  return {
    weights: used ? final : alike,
    conditioning: { weightDecay, classes, budgetKept, ...judged, classesAlone, used },
  };
}

interface Trial {
  readonly weights: NetworkWeights;
  readonly errors: readonly SetError[];
}

function leastIndex(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
