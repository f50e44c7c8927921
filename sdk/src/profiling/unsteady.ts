import { type DeviceProfile, noisyAbove } from '../profile/index.js';
import type { FewShotStudy } from './few-shot.js';

/*
 * Some machines, virtual ones above all, change the speed of several threads by up to a factor of two, for seconds or
 * minutes at a time, while one thread keeps its speed. No measurement foretells that; it can be noticed, and said.
 */

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** Why the predictions of a profile that was adapted to this device may be off, in sentences for a person. */
export function unsteadyWarnings({ profile, steadiness, ofOneThread }: FewShotStudy): readonly string[] {
  const warnings: string[] = [];
  const { threads } = profile.runtime;
  const { noise } = steadiness;
  if (noise > noisyAbove && ofOneThread && ofOneThread.noise <= noisyAbove) {
    warnings.push(
      `device 'auto': with ${threads} threads the latency of one and the same subnet varied by ${percent(noise)}, with one ` +
        `thread by ${percent(ofOneThread.noise)}: this device does not keep the speed of several threads, and predictions ` +
        'may be off by as much; load with { threads: 1 }',
    );
  } else if (noise > noisyAbove) {
    warnings.push(
      `device 'auto' measured on a busy machine: the latency of one and the same subnet varied by ${percent(noise)} ` +
        `(at most ${percent(noisyAbove)} is wanted), so predictions may be off; close other programs and load with { cache: false }`,
    );
  }
  if (ofOneThread && ofOneThread.latencyMs <= steadiness.latencyMs) {
    warnings.push(
      `device 'auto': with ${threads} threads a subnet of middle size is no faster here than with one ` +
        `(${milliseconds(steadiness.latencyMs)} and ${milliseconds(ofOneThread.latencyMs)}); load with { threads: 1 }`,
    );
  }
  return warnings;
}

/** @param level how much longer subnets take now than the profile of an earlier run says */
export function movedWarning({ runtime: { threads }, measured: { date } }: DeviceProfile, level: number): string {
  return (
    `device 'auto': with ${threads} threads subnets take ${level.toFixed(2)} times as long as at ${date}, so this device was ` +
    `measured anew; it does not keep the speed of several threads, and predictions may soon be off by as much; ` +
    'load with { threads: 1 }, or with { correct: true }, which follows changes that last longer than a request'
  );
}

const milliseconds = (value: number) => `${value.toPrecision(2)} ms`;
