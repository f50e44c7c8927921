import { InfeasibleBudgetError } from '../errors/index.js';
import type { Request } from '../request.js';
import type { Architecture } from '../space/index.js';

/** A subnet to choose from. */
export interface Rung {
  readonly architecture: Architecture;
  /** By the device's table, in ms. */
  readonly predictedMs: number;
}

/** Who knows architectures and what they cost: `Easel`. */
export interface ArchitectureSource {
  architectures(requests: readonly Request[]): Promise<readonly Architecture[]>;
  /** In ms. */
  predictLatency(architecture: Architecture): number;
  /** Of the cheapest and the most expensive architecture, in ms. */
  latencyRange(): { readonly smallest: number; readonly largest: number };
}

/** Neighbours differ by 7 % where the largest subnet takes five times as long as the smallest. */
const steps = 24;

/** What a change to a slower subnet must cost more at least, to be worth opening. */
const worthwhile = 1.03;

/**
 * What the generator chooses for the request's classes at latencies from the least to the most, by one run of it:
 * different architectures, the fastest first. The budget's other limits hold for each.
 *
 * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, InfeasibleBudgetError
 */
export async function ladderOf(source: ArchitectureSource, request: Request): Promise<readonly Rung[]> {
  const { smallest, largest } = source.latencyRange();
  // A sum in another order may differ in its last digit.
  const latencies = Array.from(
    { length: steps },
    (_, i) => smallest * (largest / smallest) ** (i / (steps - 1)) * (1 + 1e-9),
  );
  const architectures = await feasible(source, request, latencies);
  const rungs = architectures.map((architecture) => ({
    architecture,
    predictedMs: source.predictLatency(architecture),
  }));
  return spaced(rungs.sort((a, b) => a.predictedMs - b.predictedMs));
}

/** The other limits may need more time than the cheapest subnet takes. */
async function feasible(
  source: ArchitectureSource,
  request: Request,
  latencies: readonly number[],
): Promise<readonly Architecture[]> {
  const requests = latencies.map((latencyMs) => ({ ...request, budget: { ...request.budget, latencyMs } }));
  try {
    return await source.architectures(requests);
  } catch (error) {
    if (!(error instanceof InfeasibleBudgetError) || latencies.length === 1) throw error;
    return feasible(source, request, latencies.slice(1));
  }
}

/** The first, the last, and between them only what is worth changing to. */
function spaced(rungs: readonly Rung[]): readonly Rung[] {
  const kept: Rung[] = [];
  for (const rung of rungs) {
    const before = kept.at(-1);
    if (before === undefined || rung.predictedMs >= worthwhile * before.predictedMs) kept.push(rung);
    else if (rung === rungs.at(-1) && kept.length > 1) kept[kept.length - 1] = rung;
  }
  return kept;
}
