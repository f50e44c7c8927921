import { nodeRuntime } from '@easel/sdk/node';
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
import { assemble, imageInput, type Supernet } from '@easel/sdk/subnet';
import { tensor } from '@easel/sdk/tensor';
import { chooseEstimator, latenciesOf, noiseOf } from './estimate.js';
import { deviceFacts, profileName, runtimeFacts } from './facts.js';
import { crossValidate, errorOf, fitTerms, macsPrior, type Sample } from './fit.js';
import { measureRuns, type Runner } from './measure.js';
import { randomSupernet } from './random-supernet.js';
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
  /** Timed runs of each. Default 40. */
  readonly repeats?: number;
  /** Measure for about this long instead of a number of runs; all subnets are run at least a few times. */
  readonly seconds?: number;
  /** Of which subnets are drawn. Default 0. */
  readonly seed?: number;
  /** Default: from CPU, runtime, threads and search space. */
  readonly name?: string;
  /** `done` of `total` subnets. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The pull towards the prior with which ways to take latencies from runs are compared. */
const comparisonStrength = 0.3;

/**
 * Measures this machine and fits its latency lookup table. `profileWarnings` tells whether to trust it.
 * @throws what `signal` was aborted with
 */
export async function profileDevice(space: SearchSpace, options: ProfileOptions = {}): Promise<DeviceProfile> {
  const { classes = 10, threads = 1, subnets = 200, heldOut = 40, repeats = 40, seed = 0 } = options;
  const { seconds, onProgress, signal } = options;
  const architectures = distinctArchitectures(space, subnets + heldOut, new Random(seed));
  const supernet = randomSupernet(space, classes);
  const measurements = await measureRuns(architectures, {
    open: (architecture) => openSubnet(supernet, architecture, classes, threads),
    reference: middleArchitecture(space),
    repeats,
    seed,
    ...(seconds === undefined ? {} : { seconds }),
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });

  const layout = new TermLayout(space);
  const rows = architectures.map((architecture) => layout.row(architecture));
  const macs = layout.valuesOf(macsTable(space, classes));
  // A small space may hold fewer subnets than were asked for.
  const fitted = Math.min(subnets, Math.max(1, rows.length - heldOut));
  const samplesOf = (latencies: readonly number[]) =>
    rows.map((row, i): Sample => ({ row, latencyMs: latencies[i] as number }));
  const estimator = chooseEstimator(measurements, (latencies) => {
    const samples = samplesOf(latencies).slice(0, fitted);
    return crossValidate(samples, macsPrior(samples, macs), comparisonStrength);
  });
  const samples = samplesOf(latenciesOf(measurements, estimator));
  const { terms } = fitTerms(samples.slice(0, fitted), macs);
  const device = deviceFacts();
  const runtime = runtimeFacts(threads);
  const profile: DeviceProfile = {
    schemaVersion: 1,
    name: options.name ?? profileName(device, runtime, space.name),
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes },
    device,
    runtime,
    measured: {
      date: new Date().toISOString(),
      subnets: fitted,
      repeats: measurements.runs[0]?.length ?? 0,
      quantile: estimator.quantile,
      noise: significant(noiseOf(measurements)),
    },
    terms: layout.toTerms(terms.map(nanoseconds)),
    error: errorOf(terms, samples.slice(fitted)),
  };
  return parseProfile(profile, space);
}

/** Milliseconds to six decimals: no clock here is finer. */
const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6) / 1e6;
const significant = (value: number) => Number(value.toPrecision(4));

async function openSubnet(
  supernet: Supernet,
  architecture: Architecture,
  classes: number,
  threads: number,
): Promise<Runner> {
  const all = Array.from({ length: classes }, (_, index) => index);
  const session = await nodeRuntime.createSession(assemble(supernet, architecture, all), { threads });
  const { resolution } = architecture;
  const image = tensor([1, 3, resolution, resolution]);
  image.data.fill(0.5);
  const feeds = { [imageInput]: image };
  return { run: () => session.run(feeds), dispose: () => session.dispose() };
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

/** Neither extreme: the middle one of every list of choices. */
function middleArchitecture(space: SearchSpace): Architecture {
  const middle = (values: readonly number[]) => values[values.length >> 1] as number;
  return {
    resolution: middle(space.resolutions),
    units: space.units.map((unit) =>
      Array.from({ length: middle(unit.depths) }, () => ({
        kernel: middle(unit.kernels),
        expandRatio: middle(unit.expandRatios),
      })),
    ),
  };
}
