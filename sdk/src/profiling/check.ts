import { type DeviceProfile, predictLatency } from '../profile/index.js';
import { Random } from '../random/index.js';
import type { SearchSpace } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { distinct } from './design.js';
import { quantileOf, steadinessOf, usualLatencies } from './estimate.js';
import { type FitError, summarize } from './fit.js';
import type { LatencyMeter, Visit } from './meter.js';
import type { MeasuredSubnet } from './profile-device.js';
import { subjectsOf } from './subjects.js';
import { type VisitTimes, visitAll } from './visits.js';

export interface CheckOptions {
  /** To measure, drawn at random. Default 20. */
  readonly subnets?: number;
  /** Visits to each. Default 5. */
  readonly passes?: number;
  readonly visit?: Visit;
  /** What subnets are cut from; `randomSupernet` will do. */
  readonly supernet: Supernet;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ProfileCheck {
  readonly measured: readonly (MeasuredSubnet & { readonly predictedMs: number })[];
  readonly error: FitError;
  /** How much longer subnets take than predicted, in the median: 1 where the level still holds. */
  readonly level: number;
  /** The share within 10 % of what is predicted after scaling by `level`: whether at least the shape still holds. */
  readonly shapeWithin10: number;
  /** How much the reference subnet's runs varied meanwhile: interquartile range over median. */
  readonly noise: number;
  readonly holds: boolean;
}

/** The share of subnets within 10 % with which a profile holds. */
const holdingShare = 0.9;

/**
 * Measures a few subnets and compares them with a profile's predictions.
 * @throws ProfileError if the profile was measured for another search space; what `signal` was aborted with
 */
export async function checkProfile(
  space: SearchSpace,
  profile: DeviceProfile,
  meter: LatencyMeter,
  { subnets = 20, passes = 5, visit, supernet, seed = 1, onProgress, signal }: CheckOptions,
): Promise<ProfileCheck> {
  const random = new Random(seed);
  const architectures = distinct(space, subnets, random);
  const predicted = architectures.map((architecture) => predictLatency(profile, space, architecture));
  const subject = subjectsOf(supernet, architectures, profile.space.classes);
  const visits: VisitTimes[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const windows = 1 + Math.max(-1, ...visits.map(({ window }) => window));
    visits.push(
      ...(await visitAll(architectures.length, subject, windows, {
        meter,
        random,
        ...(visit ? { visit } : {}),
        ...(signal ? { signal } : {}),
        onVisit: (done) => onProgress?.(pass * architectures.length + done, passes * architectures.length),
      })),
    );
  }
  const usual = usualLatencies(visits, architectures.length);
  const ratios = usual.map((latencyMs, i) => latencyMs / (predicted[i] as number));
  const level = quantileOf(ratios, 0.5);
  const error = summarize(ratios.map((ratio) => 1 / ratio - 1));
  return {
    measured: architectures.map((architecture, i) => ({
      architecture,
      latencyMs: usual[i] as number,
      predictedMs: predicted[i] as number,
    })),
    error,
    level,
    shapeWithin10: summarize(ratios.map((ratio) => level / ratio - 1)).within10,
    noise: steadinessOf(visits).noise,
    holds: error.within10 >= holdingShare,
  };
}
