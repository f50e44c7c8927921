import type { DeviceProfile } from './profile.js';

/** A quiet machine stays far below: the reference subnet's interquartile range over its median. */
export const noisyAbove = 0.1;
/** Of the subnets not used for fitting, this share should be predicted within 10 %. */
export const wantedWithin10 = 0.95;
/** Below this share, or above this noise, a profile is worse than none. */
export const leastWithin10 = 0.8;
export const mostNoise = 0.6;
/** Cores that other programs may use meanwhile, of those that an inference leaves free. */
const tolerableOthers = 0.5;
/** Cores that are always busy with something. */
const quietOthers = 0.3;

export const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** What is wrong with a profile, in sentences for a person; empty if it can be trusted. */
export function profileWarnings({ measured, error, device, runtime }: DeviceProfile): readonly string[] {
  const warnings: string[] = [];
  if (measured.noise > noisyAbove) {
    warnings.push(
      `noisy machine: the reference subnet's latency varied by ${percent(measured.noise)} while measuring ` +
        `(at most ${percent(noisyAbove)} is wanted); ${remedyOfNoise(measured.others, runtime.threads)}`,
    );
  }
  if (error.subnets === 0) {
    warnings.push('the prediction was not checked on subnets other than those it was fitted to');
  } else if (error.within10 < wantedWithin10) {
    warnings.push(
      `only ${percent(error.within10)} of ${error.subnets} unseen subnets were predicted within 10 % ` +
        `(at least ${percent(wantedWithin10)} is wanted); measure for longer (--seconds) or on a quieter machine`,
    );
  }
  const free = Math.max(0, device.cores - runtime.threads);
  if (
    warnings.length > 0 &&
    measured.others !== undefined &&
    measured.others > Math.max(quietOthers, tolerableOthers * free)
  ) {
    warnings.push(`other programs kept ${measured.others.toFixed(1)} of ${device.cores} cores busy meanwhile`);
  }
  return warnings;
}

function remedyOfNoise(others: number | undefined, threads: number): string {
  if (threads === 1 || others === undefined || others > quietOthers) return 'close other programs and measure again';
  return (
    `no other program ran, so this machine (perhaps a virtual one) does not keep the speed of ${threads} threads, and ` +
    'latencies may be off by as much from one moment to the next; with --threads 1 they are probably not'
  );
}

/** Why a profile should not be used at all; undefined if it may be. */
export function profileRefusal({ measured, error }: DeviceProfile): string | undefined {
  if (measured.noise > mostNoise) {
    return `the reference subnet's latency varied by ${percent(measured.noise)} (more than ${percent(mostNoise)})`;
  }
  if (error.subnets > 0 && error.within10 < leastWithin10) {
    return (
      `only ${percent(error.within10)} of ${error.subnets} unseen subnets were predicted within 10 % ` +
      `(less than ${percent(leastWithin10)})`
    );
  }
  return undefined;
}
