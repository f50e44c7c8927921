import {
  countMacs,
  countParameters,
  formatArchitecture,
  largestArchitecture,
  type SearchSpace,
  smallestArchitecture,
  spaceFingerprint,
  spaceSize,
} from '@easel/sdk/space';
import { formatTable, shortCount } from '../table.js';
import { formatFields } from './fields.js';

/** MACs and parameters depend a little on the number of classes, which a search space leaves open. */
export function describeSpace(space: SearchSpace, classes = 10): string {
  const cost = (architecture: ReturnType<typeof largestArchitecture>) =>
    `${shortCount(countMacs(space, architecture, classes))} MACs, ` +
    `${shortCount(countParameters(space, architecture, classes))} parameters  ${formatArchitecture(architecture)}`;
  const fields = formatFields(`search space ${space.name} (${spaceFingerprint(space)})`, [
    ['subnets', shortCount(spaceSize(space))],
    ['resolutions', `${space.resolutions.join(', ')} px`],
    ['stem', `${space.stem.channels} channels, stride ${space.stem.stride}`],
    ['head', `${space.head.channels} channels${space.head.hidden ? `, ${space.head.hidden} hidden` : ''}`],
    ['largest', `${cost(largestArchitecture(space))} (${classes} classes)`],
    ['smallest', cost(smallestArchitecture(space))],
  ]);
  const units = formatTable<SearchSpace['units'][number]>(
    [
      { title: 'unit', align: 'right', text: (unit) => String(space.units.indexOf(unit)) },
      { title: 'channels', align: 'right', text: ({ channels }) => String(channels) },
      { title: 'stride', align: 'right', text: ({ stride }) => String(stride) },
      { title: 'depths', text: ({ depths }) => depths.join(' ') },
      { title: 'kernels', text: ({ kernels }) => kernels.join(' ') },
      { title: 'expand ratios', text: ({ expandRatios }) => expandRatios.join(' ') },
      { title: 'activation', text: ({ activation }) => activation },
      { title: 'squeeze-excite', text: ({ squeezeExcite }) => (squeezeExcite ? 'yes' : 'no') },
    ],
    space.units,
  );
  return `${fields}\n\n${units}`;
}
