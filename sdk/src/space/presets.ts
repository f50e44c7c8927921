import { SearchSpaceError } from '../errors/index.js';
import type { SearchSpace, Unit } from './search-space.js';

type UnitChoices = Omit<Unit, 'channels' | 'stride'>;

const unitsOf = (choices: UnitChoices, shapes: readonly (readonly [channels: number, stride: 1 | 2])[]): Unit[] =>
  shapes.map(([channels, stride]) => ({ channels, stride, ...choices }));

const relu = { activation: 'relu', squeezeExcite: false } as const;

/** Tests and the built-in demo: trains to something useful in a minute or two on two cores. */
const tiny32: SearchSpace = {
  name: 'tiny-32',
  version: 1,
  resolutions: [32],
  stem: { channels: 16, stride: 2, activation: 'relu' },
  units: unitsOf({ ...relu, depths: [1, 2], kernels: [3, 5], expandRatios: [2, 4] }, [
    [24, 1],
    [32, 2],
    [64, 2],
  ]),
  head: { channels: 128, activation: 'relu' },
};

/** CIFAR-size images: 25.8 M MACs and 0.56 M parameters at the largest, 4.3 M and 0.09 M at the smallest. */
const mobile32: SearchSpace = {
  name: 'mobile-32',
  version: 1,
  resolutions: [32],
  stem: { channels: 16, stride: 1, activation: 'relu' },
  units: unitsOf({ ...relu, depths: [1, 2, 3], kernels: [3, 5], expandRatios: [2, 3, 4] }, [
    [24, 2],
    [48, 2],
    [80, 1],
    [112, 2],
  ]),
  head: { channels: 320, activation: 'relu' },
};

/** 64 px images, with resolution elastic down to 48 px. */
const mobile64: SearchSpace = {
  name: 'mobile-64',
  version: 1,
  resolutions: [48, 64],
  stem: { channels: 16, stride: 2, activation: 'relu' },
  units: unitsOf({ ...relu, depths: [1, 2, 3], kernels: [3, 5, 7], expandRatios: [2, 3, 4] }, [
    [24, 2],
    [48, 2],
    [80, 1],
    [128, 2],
  ]),
  head: { channels: 384, activation: 'relu' },
};

const ofaUnit = (channels: number, stride: 1 | 2, activation: 'relu' | 'hswish', squeezeExcite: boolean): Unit => ({
  channels,
  stride,
  activation,
  squeezeExcite,
  depths: [2, 3, 4],
  kernels: [3, 5, 7],
  expandRatios: [3, 4, 6],
});

/**
 * Once-for-All's MobileNetV3 space at width 1.0 (Cai et al., ICLR 2020; its code: ofa_mbv3_d234_e346_k357_w1.0):
 * widths 16-24-40-80-112-160, the first unit fixed.
 */
const ofaMobileNetV3: SearchSpace = {
  name: 'ofa-mbv3-224',
  version: 1,
  resolutions: [128, 160, 192, 224],
  stem: { channels: 16, stride: 2, activation: 'hswish' },
  units: [
    {
      channels: 16,
      stride: 1,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1],
      kernels: [3],
      expandRatios: [1],
    },
    ofaUnit(24, 2, 'relu', false),
    ofaUnit(40, 2, 'relu', true),
    ofaUnit(80, 2, 'hswish', false),
    ofaUnit(112, 1, 'hswish', true),
    ofaUnit(160, 2, 'hswish', true),
  ],
  head: { channels: 960, activation: 'hswish', hidden: 1280 },
};

export const presets: readonly SearchSpace[] = [tiny32, mobile32, mobile64, ofaMobileNetV3];

/** @throws SearchSpaceError that lists the presets. */
export function presetSpace(name: string): SearchSpace {
  const found = presets.find((space) => space.name === name);
  if (found) return found;
  throw new SearchSpaceError(
    `unknown search space "${name}"; presets: ${presets.map((space) => space.name).join(', ')} (or give a JSON file)`,
  );
}
