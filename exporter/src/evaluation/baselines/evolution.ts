import type { Random } from '@easel/sdk/random';
import {
  type Architecture,
  architectureOf,
  chosenOptions,
  type Decision,
  formatArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';

export interface EvolutionSettings {
  readonly population: number;
  readonly generations: number;
  /** Share of the population that survives and breeds. */
  readonly parents: number;
  /** Of every decision of a mutated architecture, how probably it is drawn anew. */
  readonly mutationProbability: number;
  /** Share of a generation that is mutated; the rest are crossed. */
  readonly mutated: number;
}

/** Once-for-All's published settings (Cai et al. 2020; `EvolutionFinder` of its code). */
export const onceForAllSettings: EvolutionSettings = {
  population: 100,
  generations: 500,
  parents: 0.25,
  mutationProbability: 0.1,
  mutated: 0.5,
};

export interface Candidate {
  readonly architecture: Architecture;
  readonly score: number;
}

/**
 * Once-for-All's evolutionary search: random architectures within the budget, then generations of mutated and crossed
 * ones out of the best. Unlike its code, which loops for ever where hardly anything is within the budget, draws are
 * limited; the smallest architecture stands in.
 *
 * @returns every architecture that was looked at, the best first
 */
export async function evolve(
  space: SearchSpace,
  decisions: readonly Decision[],
  isWithin: (architecture: Architecture) => boolean,
  score: (architectures: readonly Architecture[]) => Promise<readonly number[]>,
  random: Random,
  settings: EvolutionSettings = onceForAllSettings,
): Promise<Candidate[]> {
  const { population, generations, parents, mutationProbability, mutated } = settings;
  const seen = new Map<string, Candidate>();
  // Later generations are full of architectures seen before: those are not scored again.
  const judge = async (architectures: readonly Architecture[]) => {
    const names = architectures.map(formatArchitecture);
    const fresh = new Map(
      names.flatMap((name, i) => (seen.has(name) ? [] : [[name, architectures[i] as Architecture]])),
    );
    const scores = fresh.size > 0 ? await score([...fresh.values()]) : [];
    for (const [i, [name, architecture]] of [...fresh].entries()) {
      seen.set(name, { architecture, score: scores[i] as number });
    }
    return names.map((name) => seen.get(name) as Candidate);
  };
  const draw = (propose: () => Architecture): Architecture => {
    for (let tries = 0; tries < 200; tries++) {
      const proposed = propose();
      if (isWithin(proposed)) return proposed;
    }
    return smallestArchitecture(space);
  };
  const byScore = (a: Candidate, b: Candidate) => b.score - a.score;

  const first = Array.from({ length: population }, () => draw(() => randomArchitecture(space, random)));
  let current = (await judge(first)).sort(byScore);
  const kept = Math.round(parents * population);
  const mutations = Math.round(mutated * population);
  for (let generation = 0; generation < generations; generation++) {
    const best = current.slice(0, kept);
    const pick = () => random.pick(best).architecture;
    const children = Array.from({ length: population }, (_, i) =>
      draw(() =>
        i < mutations
          ? mutate(space, decisions, pick(), mutationProbability, random)
          : cross(decisions, pick(), pick(), random),
      ),
    );
    current = [...best, ...(await judge(children))].sort(byScore);
  }
  return [...seen.values()].sort(byScore);
}

function mutate(
  space: SearchSpace,
  decisions: readonly Decision[],
  architecture: Architecture,
  probability: number,
  random: Random,
): Architecture {
  const other = options(decisions, randomArchitecture(space, random), random);
  const own = options(decisions, architecture, random);
  return architectureOf(
    decisions,
    own.map((option, d) => (random.float() < probability ? (other[d] as number) : option)),
  );
}

function cross(decisions: readonly Decision[], a: Architecture, b: Architecture, random: Random): Architecture {
  const [first, second] = [options(decisions, a, random), options(decisions, b, random)];
  return architectureOf(
    decisions,
    first.map((option, d) => (random.float() < 0.5 ? option : (second[d] as number))),
  );
}

/** With a random option for blocks beyond their depth, as a mutation may bring them back. */
function options(decisions: readonly Decision[], architecture: Architecture, random: Random): number[] {
  return chosenOptions(decisions, architecture).map((option, d) =>
    option < 0 ? random.integer((decisions[d] as Decision).options.length) : option,
  );
}
