import type { Value } from '@easel/exporter/engine';
import type { Case, Subject } from '../case.js';
import { block, layer, type Norm, norms } from './build.js';
import { batch } from './shapes.js';

const out = 10;
const activation = 'relu';
const spread = 'mixed';

/** What comes after a stem: it decides in which memory order the stem gives out its result. */
const followers: Readonly<Record<string, (s: Subject, x: Value, norm: Norm) => Value>> = {
  nothing: (_s, x) => x,
  'a block of stride 1': (s, x, norm) =>
    block(s, 'block', x, { inner: 20, out, kernel: 3, stride: 1, norm, spread, activation }),
  'a block of stride 2': (s, x, norm) =>
    block(s, 'block', x, { inner: 20, out, kernel: 5, stride: 2, norm, spread, activation }),
  'a depthwise layer of stride 2': (s, x, norm) =>
    layer(s, 'depthwise', x, { out, kernel: 3, stride: 2, depthwise: true, norm, spread, activation }),
};

/** A dense convolution of images, which carry no gradient. */
export const stemCases: readonly Case[] = norms.flatMap((norm) =>
  [3, 5].flatMap((kernel) =>
    [1, 2].flatMap((stride) =>
      [[8, 12] as const, [11, 9] as const].flatMap((map) =>
        Object.entries(followers).map(
          ([follower, follow]): Case => ({
            name: `${kernel}x${kernel} stride ${stride} of ${map.join('x')} images before ${follower}, ${norm} norm`,
            margin: 1e-5,
            differences: 'none',
            floor: 0.03,
            build(s) {
              const image = s.constant('image', [batch, 3, ...map]);
              const x = layer(s, 'stem', image, { out, kernel, stride, norm, spread, activation });
              return { y: follow(s, x, norm) };
            },
          }),
        ),
      ),
    ),
  ),
);
