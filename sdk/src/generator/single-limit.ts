import { type Architecture, architectureOf, type Decision } from '../space/index.js';
import type { Limit } from './decode.js';
import { type FlatCosts, flatten } from './flat-costs.js';
import { layoutOf } from './layout.js';
import { Relaxation } from './relaxation.js';

/** A partial solution: the option (absolute index) that was added last, and what it was added to. */
interface Partial {
  readonly score: number;
  readonly cost: number;
  readonly option: number;
  readonly before?: Partial;
}

/** Partial solutions per stage beyond which the search gives up. */
const largestFrontier = 2000;
/** Relative room for rounding errors, as `Bounds` leaves it. */
const rounding = 1e-12;

/**
 * What nearly every request needs of `Decoder`, in a tenth of its code, so that pages need not load the rest: the same
 * answer for a single limit. Dynamic programming over Pareto frontiers of (score, cost), as there; a partial solution
 * is dropped if the relaxation's bound on it falls short of a score known to be reachable.
 *
 * @returns decodes utilities, one per option in canonical order. undefined where only `Decoder` has an answer: nothing
 *   is within the limit, the utilities are malformed, or they are so nearly proportional to costs that frontiers grow too large
 */
export function singleLimitDecoder(decisions: readonly Decision[]) {
  const layout = layoutOf(decisions);
  const { unitCount, unitStart, optionStart, optionEnd, exitOption, decisionOfOption, resolutionOffset } = layout;
  const relaxation = new Relaxation(layout);
  const flattened = new WeakMap<Limit['table'], readonly FlatCosts[]>();

  return (utilities: ArrayLike<number>, { table, most }: Limit): Architecture | undefined => {
    const values = Float64Array.from(utilities);
    if (values.length !== layout.optionCount || !values.every(Number.isFinite)) return undefined;
    const flat = flattened.get(table) ?? flatten(layout, table);
    flattened.set(table, flat);
    const magnitude = values.reduce((sum, value) => sum + Math.abs(value), 0);
    const margin = rounding * Math.abs(most);
    let best: Partial | undefined;
    for (const [r, { base, costs, least, leastAfterBlock, leastFromUnit }] of flat.entries()) {
      if (least > most + margin) continue;
      if (!relaxation.tighten(values, costs, most - base)) return undefined;
      const { lambda, afterBlock, fromUnit, lightValue, lightCost } = relaxation;
      const option = resolutionOffset + r;
      const root: Partial = { score: values[option] as number, cost: base, option };
      const slack = rounding * (magnitude + lambda * Math.abs(most));
      let reachable = best?.score ?? Number.NEGATIVE_INFINITY;
      if (base + lightCost <= most - margin) reachable = Math.max(reachable, root.score + lightValue);
      /** Adds an option to every one, as long as it may lead to the best. */
      const extended = (partials: readonly Partial[], option: number, follow: number, needed: number) =>
        partials.flatMap((before) => {
          const score = before.score + (values[option] as number);
          const cost = before.cost + (costs[option] as number);
          const bound = score + lambda * (most - cost) + follow;
          return cost + needed > most + margin || bound < reachable - slack ? [] : [{ score, cost, option, before }];
        });
      let frontier: readonly Partial[] = [root];
      for (let u = 0; u < unitCount; u++) {
        const exits: Partial[] = [];
        for (let b = unitStart[u] as number; b < (unitStart[u + 1] as number); b++) {
          const next: Partial[] = [];
          for (let o = optionStart[b] as number; o < (optionEnd[b] as number); o++) {
            next.push(...extended(frontier, o, afterBlock[b] as number, leastAfterBlock[b] as number));
          }
          frontier = undominated(next);
          if (frontier.length > largestFrontier) return undefined;
          const exit = exitOption[b] as number;
          if (exit < 0) continue;
          exits.push(...extended(frontier, exit, fromUnit[u + 1] as number, leastFromUnit[u + 1] as number));
        }
        frontier = undominated(exits);
      }
      const found = frontier.findLast(({ cost }) => cost <= most);
      if (found && (!best || found.score > best.score || (found.score === best.score && found.cost < best.cost))) {
        best = found;
      }
    }
    if (!best) return undefined;
    const chosen = decisions.map(() => -1);
    for (let at: Partial | undefined = best; at; at = at.before) {
      const decision = decisionOfOption[at.option] as number;
      chosen[decision] = at.option - (decisions[decision] as Decision).offset;
    }
    return architectureOf(decisions, chosen);
  };
}

/** Ascending in cost and score: without those that another one beats at no higher cost. */
function undominated(partials: Partial[]): readonly Partial[] {
  let highest = Number.NEGATIVE_INFINITY;
  return partials
    .sort((a, b) => a.cost - b.cost || b.score - a.score)
    .filter(({ score }) => {
      const kept = score > highest;
      if (kept) highest = score;
      return kept;
    });
}
