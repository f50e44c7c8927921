import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  macsTable,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
  spaceFingerprint,
} from '@easel/sdk/space';
import { deviceFacts, profileName, runtimeFacts } from './facts.js';
import { errorOf, fitTerms, type Sample } from './fit.js';
import { measureLatencies } from './measure.js';
import { TermLayout } from './terms.js';

export interface ProfileOptions {
  /** Of the classifier; it is a small part of the base. Default 10. */
  readonly classes?: number;
  /** Default 1. */
  readonly threads?: number;
  /** Whole subnets to fit to. Default 200. */
  readonly subnets?: number;
  /** More subnets, to measure the error of predictions on. Default 40. */
  readonly heldOut?: number;
  /** Timed runs of each. Default 20. */
  readonly repeats?: number;
  /** Of which subnets are drawn. Default 0. */
  readonly seed?: number;
  /** Default: from CPU, runtime, threads and search space. */
  readonly name?: string;
  /** `done` of `total` subnets. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const quantile = 0.25;

/** Measures this machine and fits its latency lookup table. */
export async function profileDevice(space: SearchSpace, options: ProfileOptions = {}): Promise<DeviceProfile> {
  const { classes = 10, threads = 1, subnets = 200, heldOut = 40, repeats = 20, seed = 0 } = options;
  const architectures = distinctArchitectures(space, subnets + heldOut, new Random(seed));
  const { latencyMs, noise } = await measureLatencies(space, architectures, {
    classes,
    threads,
    repeats,
    rounds: 4,
    quantile,
    open: 20,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const layout = new TermLayout(space);
  const samples = architectures.map(
    (architecture, i): Sample => ({ row: layout.row(architecture), latencyMs: latencyMs[i] as number }),
  );
  // A small space may hold fewer subnets than were asked for.
  const fitted = Math.min(subnets, Math.max(1, samples.length - heldOut));
  const terms = fitTerms(samples.slice(0, fitted), layout.valuesOf(macsTable(space, classes)));
  const device = deviceFacts();
  const runtime = runtimeFacts(threads);
  const profile = {
    schemaVersion: 1,
    name: options.name ?? profileName(device, runtime, space.name),
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes },
    device,
    runtime,
    measured: { date: new Date().toISOString(), subnets: fitted, repeats, quantile, noise },
    terms: layout.toTerms(terms),
    error: errorOf(terms, samples.slice(fitted)),
  };
  return parseProfile(profile, space);
}

/** The extremes, which random drawing never meets, then random ones, all different. */
function distinctArchitectures(space: SearchSpace, count: number, random: Random): Architecture[] {
  const found = new Map<string, Architecture>();
  for (const architecture of [largestArchitecture(space), smallestArchitecture(space)]) {
    found.set(formatArchitecture(architecture), architecture);
  }
  for (let tries = 0; found.size < count && tries < 50 * count; tries++) {
    const architecture = randomArchitecture(space, random);
    found.set(formatArchitecture(architecture), architecture);
  }
  return [...found.values()];
}
