import type { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { leastSetsToJudge } from './class-scores.js';
import { fitNetwork, type Lesson, ownPart } from './fit.js';
import { type HeldOutError, judge, meanOf, ownErrors, ratioOf, type SetError, squaredErrors } from './judging.js';
import { initializeGenerator, measureFeatures, type NetworkWeights } from './mlp.js';
import type { Half, Strength } from './preferences.js';
import { type Evidence, RequestLessons } from './request-lessons.js';
import type { GeneratorTrainingOptions } from './train.js';

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

/** Requests whose features say how features are distributed. */
const sampled = 512;

/** At which class sets' answers are compared by themselves; the same for all, so that nothing of a budget remains. */
const budgetsOfClasses = 8;

export interface GeneratorFitOptions extends Pick<GeneratorTrainingOptions, 'requests' | 'hidden' | 'fit'> {
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** Epochs, of all the fits together. */
  readonly onProgress: (done: number, total: number) => void;
}

export interface FittedGenerator {
  readonly weights: NetworkWeights;
  readonly conditioning: Conditioning;
}

/** Fits the network to what class sets, and budgets on devices, prefer, as far as that helps with unseen ones. */
export async function fitGenerator(evidence: Evidence, options: GeneratorFitOptions): Promise<FittedGenerator> {
  const { preferences, scores } = evidence;
  const { random, requests } = options;
  const lessons = new RequestLessons(evidence, random);
  const sample = lessons.draw({ sets: lessons.all, half: 'all', raw: true, count: sampled });
  const features = measureFeatures(sample.map((lesson) => lesson.features));
  const initial = initializeGenerator(features, options.hidden, Float32Array.from(preferences.common), random);
  const alike = { ...initial, outputWeight: tensor(initial.outputWeight.shape) };
  const { classes, budgetKept } = preferences;
  if (scores.length < leastSetsToJudge) {
    const { weightDecay } = options.fit;
    const conditioning = { weightDecay, classes, budgetKept, ...nothingShown, classesAlone: nothingShown, used: false };
    return { weights: alike, conditioning };
  }
  const fit = fitter(initial, options);
  const trials = await tryRestraints(evidence, lessons, fit, options);
  const { odd, even } = crossChosen(trials);
  const judged = judge([...even.errors, ...odd.errors], random);
  const weightDecay = bestRestraint(trials) * options.fit.weightDecay;
  const taughtByAll = await fit(lessons.draw({ sets: lessons.all, half: 'all', count: requests }), weightDecay);
  const alone = (half: Half, { weights }: Trial) => {
    const { seen, unseen } = lessons;
    const targets = lessons.preferencesOfSets(half, true);
    return ownErrors({ answers: answersToSets(weights, evidence), targets, seen, unseen, preferences });
  };
  const classesAlone = judge([...alone('odd', even), ...alone('even', odd)], random);
  const used = judged.interval[1] < 1;
  return {
    weights: used ? taughtByAll : alike,
    conditioning: { weightDecay, classes, budgetKept, ...judged, classesAlone, used },
  };
}

const nothingShown = { heldOutRatio: 1, interval: [1, 1] } as const;

/** A network, and how it answers class sets and images that it was not taught. */
interface Trial {
  readonly weights: NetworkWeights;
  readonly errors: readonly SetError[];
}

/** By the half of the images that taught; one for each restraint. */
type Trials = Readonly<Record<'odd' | 'even', readonly Trial[]>>;

type Fitter = (lessons: readonly Lesson[], weightDecay: number) => Promise<NetworkWeights>;

/** Every fit begins with the same weights. */
function fitter(initial: NetworkWeights, { fit, signal, onProgress }: GeneratorFitOptions): Fitter {
  // Either half teaches every restraint, then all images the best one.
  const total = (2 * restraints.length + 1) * fit.epochs;
  let done = 0;
  return async (lessons, weightDecay) => {
    const inputs = { lessons, ...(signal ? { signal } : {}), onProgress: () => onProgress(++done, total) };
    const { weights } = await fitNetwork(initial, inputs, { ...fit, weightDecay });
    return weights;
  };
}

/** Every restraint, taught by the seen class sets on one half of the images, judged by the unseen ones on the other half. */
async function tryRestraints(
  { preferences }: Evidence,
  lessons: RequestLessons,
  fit: Fitter,
  options: GeneratorFitOptions,
): Promise<Trials> {
  const { seen, unseen } = lessons;
  const taughtBy = async (half: Half, otherHalf: Half) => {
    const trials: Trial[] = [];
    const taught = lessons.draw({ sets: seen, half, count: options.requests });
    for (const restraint of restraints) {
      const weights = await fit(taught, restraint * options.fit.weightDecay);
      const judging = lessons.draw({ sets: unseen, half: otherHalf, raw: true, count: 4 * unseen.length });
      trials.push({ weights, errors: squaredErrors(weights, judging, preferences) });
    }
    return trials;
  };
  return { odd: await taughtBy('odd', 'even'), even: await taughtBy('even', 'odd') };
}

/** What one half finds best is judged by the network that the other one taught, so that nothing judges its own choice. */
function crossChosen({ odd, even }: Trials): Readonly<Record<'odd' | 'even', Trial>> {
  const best = (trials: readonly Trial[]) => leastIndex(trials.map(({ errors }) => ratioOf(errors)));
  return { odd: odd[best(even)] as Trial, even: even[best(odd)] as Trial };
}

/** By what both halves find. */
function bestRestraint({ odd, even }: Trials): number {
  const ratios = restraints.map((_, i) => ratioOf([odd[i], even[i]].flatMap((each) => (each as Trial).errors)));
  return restraints[leastIndex(ratios)] as number;
}

/** What is answered to each class set in the mean, at the same few budgets. `[sets][options]` */
function answersToSets(weights: NetworkWeights, { scores, budgets, featuresOf }: Evidence): Float64Array[] {
  const some = budgets.slice(0, budgetsOfClasses);
  return scores.map(({ classes }) =>
    meanOf(some.map((budget) => ownPart(weights, featuresOf({ ...budget, classes })))),
  );
}

function leastIndex(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
