import type { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import type { SetScores } from './class-scores.js';
import { fitNetwork, type Lesson, ownPart } from './fit.js';
import { initializeGenerator, measureFeatures, type NetworkWeights } from './mlp.js';
import type { Half, Preferences, Strength } from './preferences.js';
import type { Scenario } from './scenarios.js';
import type { GeneratorTraining, GeneratorTrainingOptions } from './train.js';

/** What was learned about requests, and how it was checked. */
export interface Conditioning {
  /** Of the network: the one that answered unseen class sets best. */
  readonly weightDecay: number;
  /** Of class sets' own preferences: see `Preferences`. */
  readonly classes: Strength;
  /** The share of measured preferences of budgets and devices that is kept. */
  readonly budgetKept: number;
  /**
   * A generator that learned from one half of the images, judged by the other half on class sets that it never saw:
   * squared error relative to answering all requests alike, and its 95 % interval (bootstrap over class sets). What it is
   * judged by is noisy, so that even a perfect generator stays far above 0.
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
  // Every restraint is tried, the best one judged the other way round, then used.
  const total = (restraints.length + 2) * options.fit.epochs;
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
    judge(weights, lessonsOf(unseen, ofClasses(half, true), ofBudgets(half), 4 * unseen.length), {
      preferences,
      random,
    });
  const trials: { weightDecay: number; ratio: number }[] = [];
  const trialLessons = lessonsOfHalf('odd');
  for (const restraint of restraints) {
    const weightDecay = restraint * options.fit.weightDecay;
    const { heldOutRatio } = judgeBy('even', await fit(trialLessons, weightDecay));
    trials.push({ weightDecay, ratio: heldOutRatio });
  }
  const { weightDecay } = trials.reduce((best, each) => (each.ratio < best.ratio ? each : best));
  const judged = judgeBy('odd', await fit(lessonsOfHalf('even'), weightDecay));
  const used = judged.interval[1] < 1;
  const final = await fit(lessonsOf(all, ofClasses('all'), ofBudgets('all'), options.requests), weightDecay);
  const { classes, budgetKept } = preferences;
  return {
    weights: used ? final : { ...initial, outputWeight: tensor(initial.outputWeight.shape) },
    conditioning: { weightDecay, classes, budgetKept, ...judged, used },
  };
}

/** Squared error relative to answering with nothing, in the metric of what utilities predict. */
function judge(
  weights: NetworkWeights,
  lessons: readonly (Lesson & { set: number })[],
  { preferences, random }: { preferences: Preferences; random: Random },
): { heldOutRatio: number; interval: [number, number] } {
  const power = (values: Float64Array) => preferences.product(values, values);
  const bySet = new Map<number, { error: number; zero: number }>();
  for (const { set, features, targets } of lessons) {
    const answer = ownPart(weights, features);
    const sums = bySet.get(set) ?? { error: 0, zero: 0 };
    sums.error += power(Float64Array.from(targets, (target, o) => target - (answer[o] as number)));
    sums.zero += power(Float64Array.from(targets));
    bySet.set(set, sums);
  }
  const sets = [...bySet.values()];
  const ratio = (chosen: readonly { error: number; zero: number }[]) =>
    chosen.reduce((sum, { error }) => sum + error, 0) / chosen.reduce((sum, { zero }) => sum + zero, 0);
  const resampled = Array.from({ length: 1000 }, () => ratio(sets.map(() => random.pick(sets)))).sort((a, b) => a - b);
  return { heldOutRatio: ratio(sets), interval: [resampled[25] as number, resampled[974] as number] };
}
