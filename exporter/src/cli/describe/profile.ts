import { type DeviceProfile, profileWarnings } from '@easel/sdk/profile';
import { type Column, formatTable, milliseconds, percent } from '../table.js';
import { formatFields } from './fields.js';

export function describeProfile(profile: DeviceProfile): string {
  const { name, space, device, runtime, measured, error } = profile;
  const memory = device.memoryBytes === undefined ? '' : `, ${(device.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const fields = formatFields(`device profile ${name}`, [
    ['search space', `${space.name} (${space.fingerprint}), measured with ${space.classes} classes`],
    ['device', `${device.cpu}, ${device.cores} cores${memory}, ${device.architecture}, ${device.os}`],
    [
      'runtime',
      `${runtime.engine} ${runtime.version}, ${runtime.provider}${runtime.browser ? ` in ${runtime.browser}` : ''}, threads: ${runtime.threads}`,
    ],
    [
      'measured',
      `${measured.date}, ${measured.subnets} subnets, ${measured.repeats} runs each` +
        (measured.seconds === undefined ? '' : `, in ${measured.seconds.toFixed(0)} s`),
    ],
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
  return `${fields}\n\n${formatTerms(profile)}`;
}

type Unit = { readonly title: string; readonly costs: Readonly<Record<string, number>> };

/** The fitted table: a row per unit and place, a column per option. */
function formatTerms({ terms }: DeviceProfile): string {
  return terms
    .map(({ resolution, base, units }) => {
      const rows = units.flatMap(({ first, later }, u): Unit[] => [
        { title: `unit ${u}, first block`, costs: first },
        ...(Object.keys(later).length > 0 ? [{ title: `unit ${u}, later blocks`, costs: later }] : []),
      ]);
      const options = [...new Set(rows.flatMap(({ costs }) => Object.keys(costs)))].sort();
      const columns: Column<Unit>[] = [
        { title: `${resolution} px, base ${milliseconds(base)}`, text: ({ title }) => title },
        ...options.map(
          (option): Column<Unit> => ({
            title: option,
            align: 'right',
            text: ({ costs }) => (costs[option] === undefined ? '' : milliseconds(costs[option])),
          }),
        ),
      ];
      return formatTable(columns, rows);
    })
    .join('\n\n');
}
