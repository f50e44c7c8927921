import { parseSearchSpace } from '@easel/sdk/space';

/** ReLU only, small enough to be computed in plain JavaScript. */
export const plainSpace = parseSearchSpace({
  name: 'plain-16',
  version: 1,
  resolutions: [16],
  stem: { channels: 10, stride: 2, activation: 'relu' },
  units: [
    {
      channels: 12,
      stride: 1,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1, 2],
      kernels: [3, 5],
      expandRatios: [2, 3],
    },
    {
      channels: 18,
      stride: 2,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1, 2],
      kernels: [3, 5, 7],
      expandRatios: [2, 4],
    },
  ],
  head: { channels: 24, activation: 'relu' },
});

/** Everything a space can ask for: squeeze-excite, h-swish, a hidden layer, blocks without expansion, odd resolutions. */
export const fancySpace = parseSearchSpace({
  name: 'fancy-15',
  version: 1,
  resolutions: [12, 15],
  stem: { channels: 6, stride: 2, activation: 'hswish' },
  units: [
    {
      channels: 6,
      stride: 1,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1],
      kernels: [3],
      expandRatios: [1],
    },
    {
      channels: 10,
      stride: 2,
      activation: 'relu',
      squeezeExcite: true,
      depths: [1, 2],
      kernels: [3, 5],
      expandRatios: [3, 4],
    },
    {
      channels: 12,
      stride: 2,
      activation: 'hswish',
      squeezeExcite: true,
      depths: [1, 2, 3],
      kernels: [3, 5, 7],
      expandRatios: [2, 3, 6],
    },
  ],
  head: { channels: 20, activation: 'hswish', hidden: 28 },
});
