import type { Random } from '@easel/sdk/random';
import { AdditiveModel, mean } from './additive.js';
import type { SetScores } from './class-scores.js';

/** Which validation images a preference is derived from: all, or one of two halves that share none. */
export type Half = 'all' | 'even' | 'odd';

/** How much of what was measured is real, and how much is kept of it. */
export interface Strength {
  /** Standard deviation of the real preferences, relative to that of what all requests share. */
  readonly relative: number;
  /** 95 %: jackknife over blocks of images. */
  readonly interval: readonly [number, number];
  /** The mean share of a measured preference that is kept; 0 where it is all noise. */
  readonly kept: number;
}

/**
 * What requests share and what each prefers, as additive utilities. The measured preferences of a class set are mostly
 * noise: few images are of its classes. How much is real shows where the noise is independent: in the product of what
 * one half of the images says about one half of the architectures, and the other about the other. Measured
 * preferences are shrunk by that share (empirical Bayes), each size of class sets by its own.
 */
export class Preferences {
  readonly #model: AdditiveModel;
  readonly #scores: readonly SetScores[];
  readonly #blocks: number;
  /** `[options]`: utilities that all requests share. */
  readonly common: Float64Array;
  /** What the common model leaves unexplained, per architecture. */
  readonly #residual: Readonly<Record<Half, Float64Array>>;
  readonly #plain: Float64Array;
  /** Of the preferences of a number of classes, what is kept; see `keptBySize`. */
  readonly #kept: (classes: number, half: Half) => number;
  readonly classes: Strength;
  #keptOfBudget: (closeness: Float64Array) => number = () => 0;
  #budgetKept = 0;

  /**
   * @param rows encoded architectures
   * @param scores of class sets that stand for what will be asked
   */
  constructor(rows: readonly Float32Array[], scores: readonly SetScores[], random: Random) {
    const model = new AdditiveModel(rows);
    this.#model = model;
    this.#scores = scores;
    this.#blocks = scores[0]?.likelihood.length ?? 0;
    const { weights } = model.fitCurved(this.#meanOverSets('all'));
    this.common = weights;
    this.#plain = model.fit(this.#meanOverSets('all'));
    const residual = (half: Half) => {
      const values = this.#meanOverSets(half);
      const { predicted } = model.fitCurved(values);
      return values.map((value, i) => value - (predicted[i] as number));
    };
    this.#residual = { all: residual('all'), even: residual('even'), odd: residual('odd') };
    const measured = this.#measureSignal(rows, random);
    this.#kept = measured.kept;
    const shared = Math.sqrt(model.product(this.#plain, this.#plain));
    const relative = (value: number) => (shared > 0 ? Math.sqrt(Math.max(0, value)) / shared : 0);
    const { signal, error } = measured;
    this.classes = {
      relative: relative(signal),
      interval: [relative(signal - 1.96 * error), relative(signal + 1.96 * error)],
      kept: mean(scores.map((score) => this.#kept(score.classes.length, 'all'))),
    };
  }

  get optionCount(): number {
    return this.#model.optionCount;
  }

  /** Inner product of utilities: the covariance of what they predict. */
  product(a: Float64Array, b: Float64Array): number {
    return this.#model.product(a, b);
  }

  /** The mean share of a budget's measured preferences that is kept. See `measureBudgets`. */
  get budgetKept(): number {
    return this.#budgetKept;
  }

  /** What a class set prefers beyond the common utilities, in their unit; shrunk, unless `raw`. `[options]` */
  ofClasses(set: number, half: Half, raw = false): Float64Array {
    const score = this.#scores[set] as SetScores;
    const own = this.#deviation(this.#model, this.#plain, average(score, half));
    const kept = raw ? 1 : this.#kept(score.classes.length, half);
    return own.map((value) => kept * value);
  }

  /**
   * What a budget on a device prefers: an additive fit of the residual to the architectures near the budget, shrunk.
   * @param closeness `[architectures]`: weights
   */
  ofBudget(closeness: Float64Array, half: Half): Float64Array {
    const kept = this.#keptOfBudget(closeness);
    if (kept === 0) return new Float64Array(this.optionCount);
    const fitted = this.#model.fitWeighted(this.#residual[half], closeness);
    return fitted.map((value) => kept * value);
  }

  /**
   * Decides how much is kept of budgets' preferences, by halves of architectures and images as for classes. Few
   * architectures are near the ends of a device's range, so that what is kept depends on how many speak for a budget.
   * @param samples closeness of the architectures to some budgets
   */
  measureBudgets(rows: readonly Float32Array[], samples: readonly Float64Array[], random: Random): void {
    const order = random.shuffle(rows.map((_, i) => i));
    const halves = [0, 1].map((h) => order.filter((_, i) => i % 2 === h));
    const fits = halves.map((indices) => {
      const model = new AdditiveModel(indices.map((i) => rows[i] as Float32Array));
      return (['even', 'odd'] as const).map((half) => {
        const values = this.#meanOverSets(half);
        const own = indices.map((i) => values[i] as number);
        const { predicted } = model.fitCurved(own);
        const residual = own.map((value, i) => value - (predicted[i] as number));
        return samples.map((weights) =>
          model.fitWeighted(
            residual,
            Float64Array.from(indices, (i) => weights[i] as number),
          ),
        );
      });
    });
    const [first, second] = fits as [Float64Array[][], Float64Array[][]];
    const measured = samples.map((weights, s) => {
      const [a, b] = [first[0]?.[s] as Float64Array, second[1]?.[s] as Float64Array];
      const [c, d] = [first[1]?.[s] as Float64Array, second[0]?.[s] as Float64Array];
      const cross = this.product(a, b) + this.product(c, d);
      const total = [a, b, c, d].reduce((sum, each) => sum + this.product(each, each) / 2, 0);
      return { size: effectiveCount(weights), cross, total };
    });
    const keptOf = keptBySize(measured);
    this.#keptOfBudget = (closeness) => keptOf(effectiveCount(closeness), 'all');
    this.#budgetKept = mean(samples.map(this.#keptOfBudget));
  }

  /** Utilities of a set less its share of the common ones, in the unit of the common ones. */
  #deviation(model: AdditiveModel, plain: Float64Array, scores: Float64Array): Float64Array {
    const own = model.fit(scores);
    const power = this.product(plain, plain);
    const share = power > 0 ? this.product(own, plain) / power : 0;
    // A set on which architectures hardly differ must not blow up its noise.
    const unit = Math.max(share, 0.25);
    return own.map((value, i) => (value - share * (plain[i] as number)) / unit);
  }

  #meanOverSets(half: Half): Float64Array {
    const sum = new Float64Array(this.#scores[0]?.accuracy.length ?? 0);
    for (const score of this.#scores) {
      const own = average(score, half);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (own[i] as number) / this.#scores.length;
    }
    return sum;
  }

  /** Power of the real preferences of class sets, its standard error, and how much to keep. */
  #measureSignal(rows: readonly Float32Array[], random: Random) {
    const order = random.shuffle(rows.map((_, i) => i));
    const sets = this.#scores.slice(0, 200);
    // Per half of the architectures: its model, and deviations per set and block.
    const halves = [0, 1].map((h) => {
      const indices = order.filter((_, i) => i % 2 === h);
      const model = new AdditiveModel(indices.map((i) => rows[i] as Float32Array));
      const of = (scores: Float64Array) => Float64Array.from(indices, (i) => scores[i] as number);
      const plain = model.fit(of(this.#meanOverSets('all')));
      return sets.map((set) => set.likelihood.map((scores) => this.#deviation(model, plain, of(scores))));
    });
    const powers = (without: number) => {
      return sets.map((_, s) => {
        const parts = halves.map((deviations) =>
          [0, 1].map((parity) => {
            const blocks = (deviations[s] as Float64Array[]).filter((_, b) => b % 2 === parity && b !== without);
            return average({ likelihood: blocks }, 'all');
          }),
        ) as [[Float64Array, Float64Array], [Float64Array, Float64Array]];
        const [[even1, odd1], [even2, odd2]] = parts;
        const own = (this.product(even1, odd2) + this.product(odd1, even2)) / 2;
        const total = [even1, odd1, even2, odd2].reduce((sum, each) => sum + this.product(each, each) / 4, 0);
        return { size: (sets[s] as SetScores).classes.length, cross: own, total };
      });
    };
    const all = powers(-1);
    const crossOf = (sums: readonly { cross: number }[]) => mean(sums.map(({ cross }) => cross));
    const left = Array.from({ length: this.#blocks }, (_, block) => crossOf(powers(block)));
    const centre = mean(left);
    const spread = left.reduce((sum, value) => sum + (value - centre) ** 2, 0);
    const error = Math.sqrt(((this.#blocks - 1) / this.#blocks) * spread);
    return { signal: crossOf(all), error, kept: keptBySize(all) };
  }
}

/**
 * The share of a measured preference that is real, by the size of what it was measured on (classes of a set,
 * architectures near a budget): the power that independent halves agree on, relative to that and the noise. A size
 * borrows from its neighbours, so that a few measurements do not decide alone.
 */
function keptBySize(measured: readonly { readonly size: number; readonly cross: number; readonly total: number }[]) {
  const known = new Map<string, number>();
  return (size: number, half: Half): number => {
    const key = `${size} ${half === 'all'}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    let [cross, noise] = [0, 0];
    for (const each of measured) {
      // Sizes matter by their ratio: two classes and three differ more than twelve and thirteen.
      const weight = Math.exp(-(Math.log(each.size / size) ** 2) / 0.1);
      cross += weight * each.cross;
      noise += weight * (each.total - each.cross);
    }
    // Measured on half of the architectures and half of the images, which is twice the noise of all of them.
    const less = half === 'all' ? 2 : 1;
    const kept = cross > 0 ? cross / (cross + Math.max(0, noise) / less) : 0;
    known.set(key, kept);
    return kept;
  };
}

/** How many architectures, weighted alike, would say as much. */
function effectiveCount(weights: Float64Array): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum ** 2 / weights.reduce((total, weight) => total + weight * weight, 0);
}

/** Mean over the blocks of a half. */
function average({ likelihood }: Pick<SetScores, 'likelihood'>, half: Half): Float64Array {
  const blocks = likelihood.filter((_, block) => half === 'all' || block % 2 === (half === 'even' ? 0 : 1));
  const sum = new Float64Array(blocks[0]?.length ?? 0);
  for (const block of blocks) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (block[i] as number) / blocks.length;
  }
  return sum;
}
