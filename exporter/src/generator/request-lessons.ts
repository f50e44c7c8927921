import type { Random } from '@easel/sdk/random';
import type { SetScores } from './class-scores.js';
import type { Lesson } from './fit.js';
import type { Half, Preferences } from './preferences.js';
import type { Scenario } from './scenarios.js';

/** What is known of what requests prefer. */
export interface Evidence {
  readonly preferences: Preferences;
  /** Of each class set. */
  readonly scores: readonly SetScores[];
  /** On their devices; the classes in them do not count. */
  readonly budgets: readonly Scenario[];
  /** Of each budget: how much each measured architecture speaks for it. */
  readonly closeness: readonly Float64Array[];
  /** What the SDK will compute for a scenario. */
  readonly featuresOf: (scenario: Scenario) => Float32Array;
}

/** Which lessons are wanted. */
export interface LessonRequest {
  /** Indices of class sets, taken in turn. */
  readonly sets: readonly number[];
  /** The images whose preferences are taught. */
  readonly half: Half;
  /** Whether class sets' preferences are as they were measured, not shrunk. Default: false. */
  readonly raw?: boolean;
  readonly count: number;
}

export interface SetLesson extends Lesson {
  /** Index of the class set. */
  readonly set: number;
}

/** Requests to teach, or to judge by: class sets at random budgets, and what both prefer together. */
export class RequestLessons {
  readonly #evidence: Evidence;
  readonly #random: Random;
  /** Indices of class sets: all, those that teach, and those that judge. */
  readonly all: readonly number[];
  readonly seen: readonly number[];
  readonly unseen: readonly number[];

  constructor(evidence: Evidence, random: Random) {
    this.#evidence = evidence;
    this.#random = random;
    this.all = evidence.scores.map((_, set) => set);
    this.seen = this.all.filter((set) => set % 5 !== 0);
    this.unseen = this.all.filter((set) => set % 5 === 0);
  }

  draw({ sets, half, raw = false, count }: LessonRequest): SetLesson[] {
    const { preferences, scores, budgets, closeness, featuresOf } = this.#evidence;
    const ofSets = this.preferencesOfSets(half, raw);
    const ofBudgets = closeness.map((weights) => preferences.ofBudget(weights, half));
    return Array.from({ length: count }, (_, i) => {
      const set = sets[i % sets.length] as number;
      const budget = this.#random.integer(budgets.length);
      const scenario = budgets[budget] as Scenario;
      const ofSet = ofSets[set] as Float64Array;
      return {
        set,
        features: featuresOf({ ...scenario, classes: (scores[set] as SetScores).classes }),
        targets: Float32Array.from(ofBudgets[budget] as Float64Array, (value, o) => value + (ofSet[o] as number)),
      };
    });
  }

  /** `[sets][options]` */
  preferencesOfSets(half: Half, raw: boolean): Float64Array[] {
    const { preferences, scores } = this.#evidence;
    return scores.map((_, set) => preferences.ofClasses(set, half, raw));
  }
}
