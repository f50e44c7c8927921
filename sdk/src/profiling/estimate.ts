import { reference, type VisitTimes } from './visits.js';

/** How the latencies of subnets, relative to each other, are taken from their timed runs. */
export interface Estimator {
  /** Of a visit's runs. Low quantiles leave out interruptions, which only ever make a run longer. */
  readonly quantile: number;
  /** Whether every visit is scaled by how fast the machine was in its window. */
  readonly steadied: boolean;
}

/**
 * What one inference of each subnet typically takes, in ms: the median of its visits' median runs. Nothing is corrected,
 * because an application meets the machine as it is.
 */
export function typicalLatencies(visits: readonly VisitTimes[], count: number): number[] {
  return bySubnet(visits, count, ({ times }) => quantileOf(times, 0.5)).map((ofSubnet) => quantileOf(ofSubnet, 0.5));
}

/**
 * Latencies in which as little noise is left as the estimator can remove. Their ratios count, not their level: see
 * `typicalLevel`.
 *
 * @param judges subnets from the first on that, with the reference, tell how fast the machine was. Default: all.
 */
export function steadyLatencies(
  visits: readonly VisitTimes[],
  count: number,
  { quantile, steadied }: Estimator,
  judges = count,
): number[] {
  const low = visits.map((visit) => ({ ...visit, low: quantileOf(visit.times, quantile) }));
  if (!steadied) return medians(low, count, () => 1);
  const judging = low.filter(({ subnet }) => subnet < judges);
  const speeds = windowSpeeds(judging, judges);
  return medians(low, count, (window) => speeds[window] as number);
}

/**
 * What one inference of each subnet takes at the machine's usual speed, in ms: as `typicalLatencies`, but that a visit in
 * a slow moment counts as what it would have been in a usual one. A subnet whose few visits happened to fall into
 * slow moments is otherwise taken for a slow subnet.
 *
 * @param judges subnets from the first on that, with the reference, tell how slow the machine was: those to check
 *   predictions on must not be among them. Default: all.
 */
export function usualLatencies(visits: readonly VisitTimes[], count: number, judges = count): number[] {
  const steady = steadyLatencies(visits, count, { quantile: 0.5, steadied: true }, judges);
  const level = typicalLevel(steady.slice(0, judges), typicalLatencies(visits, count).slice(0, judges));
  return steady.map((latency) => latency * level);
}

type LowVisit = VisitTimes & { readonly low: number };

function medians(visits: readonly LowVisit[], count: number, speed: (window: number) => number): number[] {
  const latencies = bySubnet(visits, count, (visit) => (visit as LowVisit).low / speed(visit.window));
  return latencies.map((ofSubnet) => quantileOf(ofSubnet, 0.5));
}

/** Rounds of median polish (Tukey, Exploratory Data Analysis, 1977); it settles after two or three. */
const polishes = 4;

/**
 * How slow the machine was in each window, 1 being usual, by what all subnets visited in it took compared with their own
 * other visits: median polish of subnet times window. One window holds a dozen visits, so that this is steadier than the
 * reference alone.
 */
export function windowSpeeds(visits: readonly LowVisit[], count: number): number[] {
  const windows = Math.max(...visits.map(({ window }) => window)) + 1;
  let speeds = new Array<number>(windows).fill(1);
  for (let round = 0; round < polishes; round++) {
    const current = speeds;
    const usual = medians(visits, count, (window) => current[window] as number);
    const ofReference = quantileOf(
      visits.filter(({ subnet }) => subnet === reference).map(({ low, window }) => low / (current[window] as number)),
      0.5,
    );
    const ratios = Array.from({ length: windows }, (): number[] => []);
    for (const { subnet, window, low } of visits) {
      ratios[window]?.push(low / (subnet === reference ? ofReference : (usual[subnet] as number)));
    }
    const medianRatios = ratios.map((ofWindow) => quantileOf(ofWindow, 0.5));
    const middle = quantileOf(medianRatios, 0.5);
    speeds = medianRatios.map((ratio) => ratio / middle);
  }
  return speeds;
}

/** What steady latencies must be multiplied by to be typical ones. */
export function typicalLevel(steady: readonly number[], typical: readonly number[]): number {
  return quantileOf(
    typical.map((latency, i) => latency / (steady[i] as number)),
    0.5,
  );
}

/** How long one and the same subnet took over the whole time. */
export interface Steadiness {
  /** The median run. */
  readonly latencyMs: number;
  /** How much its runs varied: interquartile range over median. */
  readonly noise: number;
}

/** Of the reference subnet. */
export function steadinessOf(visits: readonly VisitTimes[]): Steadiness {
  const all = visits.filter(({ subnet }) => subnet === reference).flatMap(({ times }) => times);
  const latencyMs = quantileOf(all, 0.5);
  return { latencyMs, noise: (quantileOf(all, 0.75) - quantileOf(all, 0.25)) / latencyMs };
}

export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] as number;
}

/** A number per visit, gathered by subnet; the reference is left out. */
function bySubnet(
  visits: readonly VisitTimes[],
  count: number,
  number: (visit: VisitTimes) => number,
): readonly (readonly number[])[] {
  const gathered = Array.from({ length: count }, (): number[] => []);
  for (const visit of visits) if (visit.subnet !== reference) gathered[visit.subnet]?.push(number(visit));
  return gathered;
}
