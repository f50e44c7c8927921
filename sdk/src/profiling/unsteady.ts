import { type DeviceProfile, noisyAbove, percent } from '../profile/index.js';
import type { SearchSpace } from '../space/index.js';
import { type CheckOptions, checkProfile } from './check.js';
import type { Steadiness } from './estimate.js';
import { briefVisit, type FewShotStudy } from './few-shot.js';
import type { LatencyMeter } from './meter.js';

/*
 * Some machines, virtual ones above all, change the speed of several threads by up to a factor of two, for seconds or
 * minutes at a time, while one thread keeps its speed. No measurement foretells that; it can be noticed, and said: on hosts
 * that can run one thread after several. Pages cannot, and load nothing of this.
 */

/** Three visits to three subnets: a fifth of a second. */
const briefCheck = { subnets: 3, passes: 3, visit: briefVisit };

/** How much longer subnets take now than the profile of an earlier run says. */
export async function levelNow(
  space: SearchSpace,
  profile: DeviceProfile,
  meter: LatencyMeter,
  options: Pick<CheckOptions, 'supernet' | 'signal'>,
): Promise<number> {
  return (await checkProfile(space, profile, meter, { ...briefCheck, ...options })).level;
}

/** @param level see `levelNow` */
export function movedWarning({ runtime: { threads }, measured: { date } }: DeviceProfile, level: number): string {
  return (
    `device 'auto': with ${threads} threads subnets take ${level.toFixed(2)} times as long as at ${date}, so this device was ` +
    `measured anew; it does not keep the speed of several threads, and predictions may soon be off by as much; ` +
    'load with { threads: 1 }, or with { correct: true }, which follows changes that last longer than a request'
  );
}

/** Whether it is several threads that vary, and not the machine. */
export function areUnsteady(several: Steadiness, one: Steadiness): boolean {
  return several.noise > noisyAbove && one.noise <= noisyAbove;
}

/** Why several threads may not be worth it here, in sentences for a person. */
export function threadWarnings({ profile, steadiness }: FewShotStudy, one: Steadiness): readonly string[] {
  const warnings: string[] = [];
  const { threads } = profile.runtime;
  if (areUnsteady(steadiness, one)) {
    warnings.push(
      `device 'auto': with ${threads} threads the latency of one and the same subnet varied by ` +
        `${percent(steadiness.noise)}, with one thread by ${percent(one.noise)}: this device does not keep the speed of ` +
        'several threads, and predictions may be off by as much; load with { threads: 1 }',
    );
  }
  if (one.latencyMs <= steadiness.latencyMs) {
    warnings.push(
      `device 'auto': with ${threads} threads a subnet of middle size is no faster here than with one ` +
        `(${milliseconds(steadiness.latencyMs)} and ${milliseconds(one.latencyMs)}); load with { threads: 1 }`,
    );
  }
  return warnings;
}

const milliseconds = (value: number) => `${value.toPrecision(2)} ms`;
