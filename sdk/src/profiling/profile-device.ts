import { type DeviceProfile, parseProfile } from '../profile/index.js';
import { Random } from '../random/index.js';
import { type Architecture, macsTable, type SearchSpace, spaceFingerprint } from '../space/index.js';
import { steadinessOf, typicalLatencies, usualLatencies } from './estimate.js';
import { errorOf, type FitError } from './fit.js';
import { fitLatencies, foretellError, samplesOf } from './latency-fit.js';
import type { LatencyMeter, Visit } from './meter.js';
import { randomSupernet } from './random-supernet.js';
import { drawSubnets, subjectsOf } from './subjects.js';
import { TermLayout } from './terms.js';
import { reference, settle, type VisitTimes, visitAll } from './visits.js';

/** What is measured, and by what. */
export interface MeasuredDevice extends Pick<DeviceProfile, 'name' | 'device' | 'runtime'> {
  readonly meter: LatencyMeter;
}

export interface ProfileOptions {
  /** Of the classifier; it is a small part of the base. Default 10. */
  readonly classes?: number;
  /** Whole subnets to fit to. Default: four per term of the table, within 120 and 400. */
  readonly subnets?: number;
  /** More subnets, to measure the error of predictions on. Default 40. */
  readonly heldOut?: number;
  /** Measuring ends after about this time, if not before; every subnet is visited at least once. Default 45. */
  readonly seconds?: number;
  /** Visits to each subnet: at least so many, if time permits, and at most. Default 5 and 20. */
  readonly passes?: { readonly least: number; readonly most: number };
  readonly visit?: Visit;
  /** Of which subnets are drawn. Default 0. */
  readonly seed?: number;
  readonly onProgress?: (progress: ProfileProgress) => void;
  readonly signal?: AbortSignal;
  /** In ms. Default: the clock. */
  readonly now?: () => number;
}

export interface ProfileProgress {
  /** Visits, of those that may be needed. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
  /** On subnets left out of fits in turn; known after some passes. Measuring ends early when it is small. */
  readonly error: FitError | undefined;
}

/** Subnets per term of the table. */
const subnetsPerTerm = 4;
const fewestSubnets = 120;
const mostSubnets = 400;
/** Before the first pass. */
const settling = { least: 500, most: 5_000 };
/** The foretold shares at which measuring may end before its time is over. */
const goodEnough = { within5: 0.97, within10: 1 };

/** A measured subnet. */
export interface MeasuredSubnet {
  readonly architecture: Architecture;
  /** The median run, at the machine's usual speed. */
  readonly latencyMs: number;
}

/** A profile with what it came from. */
export interface DeviceStudy {
  readonly profile: DeviceProfile;
  readonly fitted: readonly MeasuredSubnet[];
  /** Never fitted to: the profile's error is on these. */
  readonly unseen: readonly MeasuredSubnet[];
  /** Of predictions for those, if the machine's slower and faster moments are left in what they took. */
  readonly uncorrected: FitError;
}

/**
 * Measures a device and fits its latency lookup table. `profileWarnings` tells whether to trust it.
 * @throws what `signal` was aborted with
 */
export async function profileDevice(
  space: SearchSpace,
  device: MeasuredDevice,
  options: ProfileOptions = {},
): Promise<DeviceProfile> {
  return (await studyDevice(space, device, options)).profile;
}

/** `profileDevice`, and what it measured. */
export async function studyDevice(
  space: SearchSpace,
  { meter, name, device, runtime }: MeasuredDevice,
  options: ProfileOptions = {},
): Promise<DeviceStudy> {
  const { classes = 10, heldOut = 40, seed = 0, now = () => performance.now() } = options;
  const random = new Random(seed);
  const layout = new TermLayout(space);
  const macs = layout.valuesOf(macsTable(space, classes));
  const wanted = options.subnets ?? Math.min(mostSubnets, Math.max(fewestSubnets, subnetsPerTerm * layout.count));
  const { fitted, unseen } = drawSubnets(layout, macs, { fitted: wanted, unseen: heldOut }, random);
  const architectures = [...fitted, ...unseen];
  const rows = architectures.map((architecture) => layout.row(architecture));
  const fittedRows = rows.slice(0, fitted.length);
  const ofFitted = (visits: readonly VisitTimes[]) => visits.filter(({ subnet }) => subnet < fitted.length);

  const subject = subjectsOf(randomSupernet(space, classes), architectures, classes);
  const started = now();
  await settle(subject(reference), { ...options, meter, now, ms: settling });
  const visits = await visitPasses(architectures.length, {
    ...options,
    meter,
    random,
    now,
    subject,
    foretell: (sofar) => foretellError(ofFitted(sofar), fittedRows, macs),
  });
  const seconds = (now() - started) / 1000;

  const { terms, estimator } = fitLatencies(ofFitted(visits), fittedRows, macs);
  const usual = usualLatencies(visits, rows.length, fitted.length);
  const samplesOfUnseen = (latencies: readonly number[]) =>
    samplesOf(rows.slice(fitted.length), latencies.slice(fitted.length));
  const profile: DeviceProfile = {
    schemaVersion: 1,
    name,
    device,
    runtime,
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes },
    measured: {
      date: new Date().toISOString(),
      subnets: fitted.length,
      repeats: fewestRuns(visits, rows.length),
      quantile: estimator.quantile,
      noise: significant(steadinessOf(visits).noise),
      seconds: significant(seconds),
    },
    terms: layout.toTerms(terms.map(nanoseconds)),
    error: errorOf(terms, samplesOfUnseen(usual)),
  };
  const measured = architectures.map((architecture, i) => ({ architecture, latencyMs: usual[i] as number }));
  return {
    profile: parseProfile(profile, space),
    fitted: measured.slice(0, fitted.length),
    unseen: measured.slice(fitted.length),
    uncorrected: errorOf(terms, samplesOfUnseen(typicalLatencies(visits, rows.length))),
  };
}

interface Passes extends ProfileOptions, Omit<Parameters<typeof visitAll>[3], 'visit' | 'signal'> {
  readonly now: () => number;
  readonly subject: Parameters<typeof visitAll>[1];
  /** Called after some passes: how far off predictions would be. */
  readonly foretell: (visits: readonly VisitTimes[]) => FitError;
}

/** Passes over all subnets until predictions are good enough, or the time is over. */
async function visitPasses(count: number, options: Passes): Promise<VisitTimes[]> {
  const { subject, foretell, now, onProgress, seconds = 45, passes = { least: 5, most: 20 } } = options;
  const visits: VisitTimes[] = [];
  const started = now();
  const spent = () => (now() - started) / 1000;
  const total = passes.most * count;
  let error: FitError | undefined;
  const report = (done: number) => {
    const untilMost = (spent() / done) * (total - done);
    onProgress?.({ done, total, secondsLeft: Math.max(0, Math.min(seconds - spent(), untilMost)), error });
  };
  for (let pass = 0; pass < passes.most; pass++) {
    const windows = 1 + Math.max(-1, ...visits.map(({ window }) => window));
    const ofPass = await visitAll(count, subject, windows, {
      ...options,
      onVisit: (done) => report(pass * count + done),
      enough: () => pass > 0 && spent() >= seconds,
    });
    visits.push(...ofPass);
    if (spent() >= seconds) break;
    if (pass + 1 < passes.least) continue;
    error = foretell(visits);
    if (error.within5 >= goodEnough.within5 && error.within10 >= goodEnough.within10) break;
  }
  return visits;
}

function fewestRuns(visits: readonly VisitTimes[], count: number): number {
  const runs = new Array<number>(count).fill(0);
  for (const { subnet, times } of visits)
    if (subnet !== reference) runs[subnet] = (runs[subnet] as number) + times.length;
  return Math.min(...runs);
}

/** Milliseconds to six decimals: no clock is finer. */
const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6) / 1e6;
const significant = (value: number) => Number(value.toPrecision(4));
