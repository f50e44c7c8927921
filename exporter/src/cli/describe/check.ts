import { noisyAbove } from '@easel/sdk/profile';
import { formatArchitecture } from '@easel/sdk/space';
import type { CheckedProfile } from '../../pipeline/check-profile.js';
import { type Column, formatTable, milliseconds, percent } from '../table.js';

type Row = CheckedProfile['measured'][number];

/** Whether a profile still holds, and what to do if not. */
export function describeCheck(file: string, checked: CheckedProfile): string {
  const { measured, error, level, shapeWithin10, noise, holds, differences } = checked;
  const right = { align: 'right' as const };
  const columns: Column<Row>[] = [
    { title: 'architecture', text: ({ architecture }) => formatArchitecture(architecture) },
    { title: 'predicted', ...right, text: ({ predictedMs }) => milliseconds(predictedMs) },
    { title: 'measured', ...right, text: ({ latencyMs }) => milliseconds(latencyMs) },
    { title: 'off by', ...right, text: ({ predictedMs, latencyMs }) => percent(predictedMs / latencyMs - 1) },
  ];
  const verdict = holds
    ? 'holds'
    : shapeWithin10 >= 0.9
      ? `does not hold: subnets take ${level.toFixed(2)} times as long as predicted, though their ratios still fit; ` +
        'is the device busy, throttled or otherwise configured? If not, measure it again'
      : 'does not hold; measure this device again';
  return [
    formatTable(columns, measured),
    '',
    ...differences,
    ...(noise > noisyAbove
      ? [
          `noisy machine: the reference subnet's latency varied by ${percent(noise)} while checking (at most ` +
            `${percent(noisyAbove)} is wanted); close other programs and check again`,
        ]
      : []),
    `median error ${percent(error.medianRelative)}; within 5 %: ${percent(error.within5)}, ` +
      `within 10 %: ${percent(error.within10)} of ${error.subnets} subnets`,
    `${file} ${verdict}`,
  ].join('\n');
}
