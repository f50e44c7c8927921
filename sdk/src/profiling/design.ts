import type { Random } from '../random/index.js';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '../space/index.js';
import { predict } from './fit.js';
import type { TermLayout } from './terms.js';

/** Candidates to choose from, per wanted subnet. */
const candidatesPerSubnet = 5;
const mostCandidates = 1500;

/**
 * Subnets whose latencies determine the terms well: greedily, the candidate whose prediction is least certain given
 * those already chosen (D-optimal design by sequential maximization; Fedorov, Theory of Optimal Experiments, 1972). Random
 * draws leave some terms seen a few times only, and always together with the same others. The extremes come first.
 *
 * @param expected latencies of the terms, in any unit, as far as they are known: MACs will do
 * @param without never chosen: kept to check predictions on
 * @returns different ones; fewer than `count` where the space holds no more
 */
export function chooseSubnets(
  layout: TermLayout,
  expected: Float64Array,
  count: number,
  random: Random,
  without: readonly Architecture[] = [],
): Architecture[] {
  const { space } = layout;
  const excluded = new Set(without.map(formatArchitecture));
  const extremes = [largestArchitecture(space), smallestArchitecture(space)]
    .filter((architecture) => !excluded.has(formatArchitecture(architecture)))
    .slice(0, count);
  const wanted = Math.min(mostCandidates, Math.max(200, candidatesPerSubnet * count));
  const candidates = distinct(space, Math.max(wanted, count), random, extremes, without);
  const rows = candidates.map((architecture) => relativeRow(layout.row(architecture), expected));
  const chosen: number[] = [];
  const covariance = new Covariance(layout.count);
  const open = new Set(rows.keys());
  const choose = (index: number) => {
    chosen.push(index);
    open.delete(index);
    covariance.observe(rows[index] as SparseRow);
  };
  extremes.forEach((_, i) => {
    if (open.has(i)) choose(i);
  });
  while (chosen.length < count && open.size > 0) {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (const index of open) {
      const variance = covariance.variance(rows[index] as SparseRow);
      if (variance > most) {
        most = variance;
        best = index;
      }
    }
    choose(best);
  }
  return chosen.map((index) => candidates[index] as Architecture);
}

/** Different ones, drawn at random, after those given. */
export function distinct(
  space: SearchSpace,
  count: number,
  random: Random,
  first: readonly Architecture[] = [],
  without: readonly Architecture[] = [],
): Architecture[] {
  const excluded = new Set(without.map(formatArchitecture));
  const found = new Map(first.map((architecture) => [formatArchitecture(architecture), architecture]));
  for (let tries = 0; found.size < count && tries < 50 * count; tries++) {
    const architecture = randomArchitecture(space, random);
    const name = formatArchitecture(architecture);
    if (!excluded.has(name)) found.set(name, architecture);
  }
  return [...found.values()];
}

interface SparseRow {
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** Which share of the subnet's latency each term is expected to have: errors of prediction are relative ones. */
function relativeRow(row: Float64Array, expected: Float64Array): SparseRow {
  const total = predict(expected, row);
  const indices = Int32Array.from([...row.keys()].filter((i) => row[i] !== 0));
  return {
    indices,
    values: Float64Array.from(indices, (i) => ((row[i] as number) * (expected[i] as number)) / total),
  };
}

/** Of the terms, relative to their expected sizes; every observation lowers it (Sherman and Morrison). */
class Covariance {
  readonly #matrix: Float64Array;

  /** Before any observation, a term is known to about its own size, in units of a measurement's noise of 5 %. */
  constructor(readonly size: number) {
    this.#matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) this.#matrix[i * (size + 1)] = 400;
  }

  variance({ indices, values }: SparseRow): number {
    let sum = 0;
    for (let a = 0; a < indices.length; a++) {
      const offset = (indices[a] as number) * this.size;
      let inner = 0;
      for (let b = 0; b < indices.length; b++) {
        inner += (this.#matrix[offset + (indices[b] as number)] as number) * (values[b] as number);
      }
      sum += (values[a] as number) * inner;
    }
    return sum;
  }

  observe(row: SparseRow): void {
    const { size } = this;
    const product = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      row.indices.forEach((index, a) => {
        sum += (this.#matrix[i * size + index] as number) * (row.values[a] as number);
      });
      product[i] = sum;
    }
    const scale = 1 / (1 + this.variance(row));
    for (let i = 0; i < size; i++) {
      const factor = scale * (product[i] as number);
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) {
        this.#matrix[i * size + j] = (this.#matrix[i * size + j] as number) - factor * (product[j] as number);
      }
    }
  }
}
