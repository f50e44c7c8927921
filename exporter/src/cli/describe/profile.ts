import { type DeviceProfile, profileWarnings } from '@easel/sdk/profile';
import { percent } from '../table.js';
import { formatFields } from './fields.js';

export function describeProfile(profile: DeviceProfile): string {
  const { name, space, device, runtime, measured, error } = profile;
  const memory = device.memoryBytes === undefined ? '' : `, ${(device.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  return formatFields(`device profile ${name}`, [
    ['search space', `${space.name} (${space.fingerprint}), measured with ${space.classes} classes`],
    ['device', `${device.cpu}, ${device.cores} cores${memory}, ${device.architecture}, ${device.os}`],
    ['runtime', `${runtime.engine} ${runtime.version}, ${runtime.provider}, threads: ${runtime.threads}`],
    ['measured', `${measured.date}, ${measured.subnets} subnets, ${measured.repeats} runs each`],
    ['noise', `${percent(measured.noise)} (interquartile range of a reference subnet)`],
    [
      'error',
      error.subnets === 0
        ? 'not checked'
        : `median ${percent(error.medianRelative)}, 90 % below ${percent(error.p90)}; within 5 %: ` +
          `${percent(error.within5)}, within 10 %: ${percent(error.within10)} of ${error.subnets} unseen subnets`,
    ],
    ...profileWarnings(profile).map((warning): [string, string] => ['warning', warning]),
  ]);
}
