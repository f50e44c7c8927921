import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { JumpableRandomGenerator as RandomGenerator } from 'pure-rand/types/JumpableRandomGenerator';

/**
 * Seeded pseudo-random numbers (xoroshiro128+). Everything random in Easel takes one of these as an argument, so
 * that the same seed gives the same result; `state` makes it part of a checkpoint.
 */
export class Random {
  #generator: RandomGenerator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plusFromState(spread(seed));
  }

  static fromState(state: readonly number[]): Random {
    const random = new Random(0);
    random.#generator = xoroshiro128plusFromState(state);
    return random;
  }

  get state(): readonly number[] {
    return this.#generator.getState();
  }

  /** Uniform in [0, 1), with 32 bits of resolution. */
  float(): number {
    return (this.#generator.next() >>> 0) / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.float();
  }

  /** Uniform integer in [0, count). */
  integer(count: number): number {
    return Math.floor(this.float() * count);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.float())) * Math.cos(2 * Math.PI * this.float());
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('cannot pick from an empty list');
    return items[this.integer(items.length)] as T;
  }

  /** Fisher-Yates, in place. */
  shuffle<T extends { [index: number]: unknown; readonly length: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = items[i];
      items[i] = items[j];
      items[j] = swapped;
    }
    return items;
  }

  /** An independent generator, derived from this one. */
  fork(): Random {
    return new Random(this.#generator.next());
  }
}

/**
 * Four state words out of one seed (SplitMix32). Without it, the first numbers of nearby seeds are nearly the same:
 * a linear generator needs many steps to leave a state that is mostly zeros.
 */
function spread(seed: number): number[] {
  let state = seed | 0;
  return Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  });
}
