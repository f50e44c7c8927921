import type { DeviceProfile } from './profile.js';

/** A quiet machine stays far below: the reference subnet's interquartile range over its median. */
export const noisyAbove = 0.1;
/** Of the subnets not used for fitting, this share should be predicted within 10 %. */
export const wantedWithin10 = 0.9;

/** What is wrong with a profile, in sentences for a person; empty if it can be trusted. */
export function profileWarnings({ measured, error }: DeviceProfile): readonly string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const warnings: string[] = [];
  if (measured.noise > noisyAbove) {
    warnings.push(
      `noisy machine: the reference subnet's latency varied by ${percent(measured.noise)} while measuring ` +
        `(at most ${percent(noisyAbove)} is wanted); close other programs and measure again`,
    );
  }
  if (error.subnets === 0) {
    warnings.push('the prediction was not checked on subnets other than those it was fitted to');
  } else if (error.within10 < wantedWithin10) {
    warnings.push(
      `only ${percent(error.within10)} of ${error.subnets} unseen subnets were predicted within 10 % ` +
        `(at least ${percent(wantedWithin10)} is wanted); measure more subnets or on a quieter machine`,
    );
  }
  return warnings;
}
