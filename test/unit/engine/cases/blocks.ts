import type { Case } from '../case.js';
import { type BlockOptions, block, norms } from './build.js';
import { batch } from './shapes.js';

type Variant = Omit<BlockOptions, 'norm'> & { readonly map: readonly [number, number]; readonly blocks?: number };

const into = 6;
const relu = { inner: 21, out: into, activation: 'relu', spread: 'apart' } as const;
const hswish = { ...relu, activation: 'hswish' } as const;
const mixed = { ...relu, spread: 'mixed' } as const;
const even = [8, 6] as const;
const odd = [7, 5] as const;

const variants: readonly Variant[] = [
  ...[even, odd].flatMap((map) => [
    { ...relu, map, kernel: 3, stride: 1 },
    { ...relu, map, kernel: 3, stride: 2 },
    { ...relu, map, kernel: 5, stride: 2, out: 10 },
    { ...relu, map, kernel: 7, stride: 2, inner: 24, out: 8 },
    { ...mixed, map, kernel: 3, stride: 1 },
    { ...mixed, map, kernel: 5, stride: 2, out: 10 },
    { ...mixed, map, kernel: 7, stride: 1, inner: 32 },
    { ...hswish, map, kernel: 3, stride: 1 },
    { ...hswish, map, kernel: 5, stride: 2 },
    { ...relu, map, kernel: 3, stride: 1, squeezeExcite: true },
    { ...hswish, map, kernel: 3, stride: 2, squeezeExcite: true },
    // Two in a row, the second with a shortcut around it.
    { ...mixed, map, kernel: 3, stride: 1, blocks: 2 },
    { ...mixed, map, kernel: 5, stride: 2, blocks: 2 },
    { ...hswish, map, kernel: 3, stride: 2, blocks: 2 },
  ]),
];

/** Inverted residual blocks. */
export const blockCases: readonly Case[] = norms.flatMap((norm) =>
  variants.map(({ map, blocks = 1, ...options }) => {
    const { kernel, stride, inner, out, activation, spread, squeezeExcite } = options;
    const gate = squeezeExcite ? ', squeeze-excite' : '';
    const count = blocks === 1 ? '' : `${blocks} blocks, `;
    const kind = `${count}${into}-${inner}-${out} channels, ${kernel}x${kernel} stride ${stride} on ${map.join('x')}`;
    return {
      name: `${kind}, ${activation}${gate}, ${norm} norm, ${spread}`,
      margin: spread === 'apart' ? 0.05 : 1e-5,
      differences: spread === 'apart' ? 'uphill' : 'none',
      floor: 0.03,
      build(s) {
        let y = s.variable('x', [batch, into, ...map]);
        for (let i = 0; i < blocks; i++)
          y = block(s, `block ${i}`, y, { ...options, norm, stride: i === 0 ? stride : 1 });
        return { y };
      },
    };
  }),
);
