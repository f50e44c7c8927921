import { type DeviceProfile, latencyTable, parseProfile } from '../profile/index.js';
import { Random } from '../random/index.js';
import { macsTable, type SearchSpace, spaceFingerprint } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { chooseSubnets } from './design.js';
import { quantileOf, type Steadiness, steadinessOf, usualLatencies } from './estimate.js';
import { nonNegativeLeastSquares, predict, type Sample, summarize } from './fit.js';
import { samplesOf } from './latency-fit.js';
import type { LatencyMeter, Visit } from './meter.js';
import { subjectsOf } from './subjects.js';
import { TermLayout } from './terms.js';
import { reference, settle, type VisitTimes, visitAll } from './visits.js';

export interface FewShotOptions {
  /** To measure. Default 10. */
  readonly subnets?: number;
  /**
   * Measuring ends after about this long; each subnet is visited at least once. Default 1200; in a browser 2500, and 4000
   * with several threads.
   */
  readonly ms?: number;
  readonly visit?: Visit;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** In ms. Default: the clock. */
  readonly now?: () => number;
}

/** The device to be known, and what may be known of others. */
export interface FewShotDevice extends Pick<DeviceProfile, 'name' | 'device' | 'runtime'> {
  readonly meter: LatencyMeter;
  /** The same device with one thread, where `meter` uses several: tells unsteady threads from a busy machine. */
  readonly oneThread?: LatencyMeter | undefined;
  /** What subnets are cut from. */
  readonly supernet: Supernet;
  /** That the classifier tells apart. */
  readonly classes: number;
  /** Of other devices, for the same search space; there may be none. */
  readonly candidates: readonly DeviceProfile[];
}

/** An adapted profile, and how steady the device was while it was measured. */
export interface FewShotStudy {
  readonly profile: DeviceProfile;
  /** Of the reference subnet. */
  readonly steadiness: Steadiness;
  /** With one thread, in turn with the other. */
  readonly ofOneThread: Steadiness | undefined;
}

export const briefVisit: Visit = { warmUps: 3, least: 5, most: 20, ms: 8 };
const mostRounds = 12;

/** How long it all takes, and how long of it the device is given before the first round, in ms. */
interface Patience {
  readonly ms: number;
  readonly settling: { readonly least: number; readonly most: number };
}

const usualPatience: Patience = { ms: 1200, settling: { least: 0, most: 500 } };
/**
 * A browser compiles Wasm anew on all cores for the first second of a page: several threads that infer then share cores
 * with those that compile, and every other inference takes up to twice as long.
 */
const patienceWithCompilers: Patience = { ms: 4000, settling: { least: 1000, most: 2000 } };

/** One thread is slow in a page's first second, too, where other programs leave no core to those that compile. */
const patienceBesideCompilers: Patience = { ms: 2500, settling: { least: 1000, most: 2000 } };

const patienceWith = ({ browser, threads }: DeviceProfile['runtime']) =>
  browser === undefined ? usualPatience : threads > 1 ? patienceWithCompilers : patienceBesideCompilers;

/**
 * A latency table from a handful of measured subnets: the known device whose table, adapted, explains them best, lends its
 * shape. Where no device is known, latency is a constant per block and per MAC.
 *
 * @throws what `signal` was aborted with
 */
export async function adaptProfile(
  space: SearchSpace,
  device: FewShotDevice,
  options: FewShotOptions = {},
): Promise<DeviceProfile> {
  return (await studyFewShot(space, device, options)).profile;
}

/** `adaptProfile`, and how steady the device was meanwhile. */
export async function studyFewShot(
  space: SearchSpace,
  { meter, oneThread, supernet, classes, candidates, name, device, runtime }: FewShotDevice,
  options: FewShotOptions = {},
): Promise<FewShotStudy> {
  const patience = patienceWith(runtime);
  const { subnets = 10, ms = patience.ms, visit = briefVisit, seed = 0, signal } = options;
  const { now = () => performance.now() } = options;
  const random = new Random(seed);
  const layout = new TermLayout(space);
  const macs = layout.valuesOf(macsTable(space, classes));
  const chosen = chooseSubnets(layout, macs, subnets, random);
  const subject = subjectsOf(supernet, chosen, classes);
  const started = now();
  const { settling } = patience;
  await settle(subject(reference), { meter, visit, now, ms: settling, ...(signal ? { signal } : {}) });
  const visits: VisitTimes[] = [];
  const visitsOfOneThread: VisitTimes[] = [];
  for (let round = 0; round < mostRounds && (round === 0 || now() - started < ms); round++) {
    const enough = () => round > 0 && now() - started >= ms;
    const options = { meter, visit, random, enough, ...(signal ? { signal } : {}) };
    visits.push(...(await visitAll(chosen.length, subject, round, options)));
    if (!oneThread) continue;
    visitsOfOneThread.push({
      subnet: reference,
      window: round,
      times: await oneThread.time(subject(reference), visit),
    });
  }
  const rows = chosen.map((architecture) => layout.row(architecture));
  const samples = samplesOf(rows, usualLatencies(visits, chosen.length));
  const shapes = [
    ...candidates.map((profile) => ({ name: profile.name, terms: layout.valuesOf(latencyTable(profile, space)) })),
    { name: undefined, terms: macs.map((count) => count + macsPerTerm(macs)) },
  ];
  const fits = shapes.map(({ name, terms }) => ({ name, ...adaptTerms(samples, terms, macs, layout.isBase) }));
  const best = fits.reduce((a, b) => (b.score < a.score ? b : a));
  const steadiness = steadinessOf(visits);
  const profile: DeviceProfile = {
    schemaVersion: 1,
    name,
    device,
    runtime,
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes },
    measured: {
      date: new Date().toISOString(),
      subnets: chosen.length,
      repeats: Math.min(...visits.map(({ times }) => times.length)),
      quantile: 0.5,
      noise: steadiness.noise,
      seconds: (now() - started) / 1000,
      ...(best.name === undefined ? {} : { adaptedFrom: best.name }),
    },
    terms: layout.toTerms(best.terms),
    error: summarize(best.errors),
  };
  return {
    profile: parseProfile(profile, space),
    steadiness,
    ofOneThread: oneThread && steadinessOf(visitsOfOneThread),
  };
}

/** What a term costs beside its MACs, in MACs: about the mean. */
const macsPerTerm = (macs: Float64Array) => macs.reduce((sum, count) => sum + count, 0) / macs.length;

export interface Adapted {
  readonly terms: Float64Array;
  /** Of predictions for each sample by a fit to the others. */
  readonly errors: readonly number[];
  /** Their root mean square. */
  readonly score: number;
}

/** Pulls towards the known device's own table, of which leaving out each subnet in turn picks one. */
const strengths = [0.003, 0.03, 0.3, 3];

/**
 * Another device's terms in a new device's clothes. Devices differ most in how fast they are, then in what a call and a
 * block cost beside arithmetic, and in how fast arithmetic is: four numbers, all >= 0.
 *
 * @param known terms of the other device, in any unit
 * @param isBase which terms are what a call costs
 */
export function adaptTerms(
  samples: readonly Sample[],
  known: Float64Array,
  macs: Float64Array,
  isBase: readonly boolean[],
): Adapted {
  const mean = samples.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / samples.length;
  const level = quantileOf(
    samples.map(({ row, latencyMs }) => latencyMs / predict(known, row)),
    0.5,
  );
  const scaled = known.map((term) => term * level);
  // In units of the mean latency, so that one strength fits all.
  const unit = (terms: Float64Array) => {
    const total = samples.reduce((sum, { row }) => sum + predict(terms, row), 0) / samples.length;
    return terms.map((term) => (total > 0 ? (term * mean) / total : 0));
  };
  const bases = macs.map((_, i) => (isBase[i] ? 1 : 0));
  const parts = [scaled, unit(bases), unit(bases.map((base) => 1 - base)), unit(macs)];
  const prior = Float64Array.of(1, 0, 0, 0);
  const reduced = samples.map(
    ({ row, latencyMs }): Sample => ({
      row: Float64Array.from(parts, (part) => predict(part, row) / mean),
      latencyMs: latencyMs / mean,
    }),
  );
  const fits = strengths.map((strength) => {
    const errors = reduced.map(({ row, latencyMs }, left) => {
      const others = reduced.filter((_, i) => i !== left);
      return predict(nonNegativeLeastSquares(others, prior, strength), row) / latencyMs - 1;
    });
    return { strength, errors, score: Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length) };
  });
  const { strength, errors, score } = fits.reduce((a, b) => (b.score < a.score ? b : a));
  const weights = nonNegativeLeastSquares(reduced, prior, strength);
  const terms = known.map((_, i) =>
    parts.reduce((sum, part, k) => sum + (part[i] as number) * (weights[k] as number), 0),
  );
  return { terms, errors, score };
}
