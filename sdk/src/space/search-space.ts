import { count, type Infer, strictObject } from '../schema/index.js';

/** Ascending, too. */
const choices = { type: 'array', items: count, minItems: 1 } as const;
const activation = { enum: ['relu', 'hswish'] } as const;
const stride = { enum: [1, 2] } as const;

/** A unit is a stage of inverted residual blocks; the first one strides and changes the width, the others do not. */
const unit = strictObject({
  /** Output channels of every block of the unit. */
  channels: count,
  stride,
  activation,
  squeezeExcite: { type: 'boolean' },
  /** How many blocks may be kept, always a prefix; at most so many that listing them all cannot exhaust memory. */
  depths: { ...choices, items: { ...count, maximum: 256 } },
  /** Sizes of the depthwise kernel that a block may have; odd. */
  kernels: choices,
  /** Inner channels of a block as a multiple of its input channels; 1 alone means a block without expansion. */
  expandRatios: choices,
});

/** `isSearchSpace` checks what this cannot say. */
export const searchSpaceSchema = strictObject({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$', expected: 'space' },
  version: { const: 1 },
  /** Side of the square RGB input in px. A list of one means that the resolution is fixed. */
  resolutions: choices,
  stem: strictObject({ channels: count, stride, activation }),
  units: { type: 'array', items: unit, minItems: 1 },
  /** A pointwise convolution to `channels`, global average pooling, an optional hidden linear layer, the classifier. */
  head: strictObject({ channels: count, activation, hidden: count }, ['hidden']),
});

/** What can be chosen (kernel size, expand ratio, depth, resolution) and what is fixed (widths, strides). */
export type SearchSpace = Infer<typeof searchSpaceSchema>;
export type Unit = SearchSpace['units'][number];
export type Activation = Infer<typeof activation>;

/** Whether a document that its schema describes makes sense; `assertSearchSpace` says why not. */
export function isSearchSpace({ resolutions, units }: SearchSpace): boolean {
  return (
    isAscending(resolutions) &&
    units.every(
      ({ depths, kernels, expandRatios }) =>
        [depths, kernels, expandRatios].every(isAscending) && kernels.every(isOdd) && isUnmixed(expandRatios),
    )
  );
}

export const isAscending = (values: readonly number[]) =>
  values.every((value, i) => i === 0 || value > (values[i - 1] as number));
export const isOdd = (value: number) => value % 2 === 1;
/** Expand ratio 1, a block without an expansion, cannot be mixed with others. */
export const isUnmixed = (expandRatios: readonly number[]) => expandRatios[0] !== 1 || expandRatios.length === 1;

export function deepest(unit: Unit): number {
  return unit.depths.at(-1) as number;
}
