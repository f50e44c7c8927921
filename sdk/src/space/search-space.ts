import * as v from 'valibot';
import { SearchSpaceError } from '../errors/index.js';

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const ascending = v.pipe(
  v.array(positive),
  v.minLength(1),
  v.check((values) => values.every((value, i) => i === 0 || value > (values[i - 1] as number)), 'must be ascending'),
);
const activation = v.picklist(['relu', 'hswish']);
const oddKernels = v.pipe(
  ascending,
  v.check((kernels) => kernels.every((kernel) => kernel % 2 === 1), 'kernel sizes must be odd'),
);

/** A unit is a stage of inverted residual blocks; the first one strides and changes the width, the others do not. */
const unit = v.pipe(
  v.strictObject({
    /** Output channels of every block of the unit. */
    channels: positive,
    stride: v.picklist([1, 2]),
    activation,
    squeezeExcite: v.boolean(),
    /** How many blocks may be kept, always a prefix. */
    depths: ascending,
    /** Sizes of the depthwise kernel that a block may have. */
    kernels: oddKernels,
    /** Inner channels of a block as a multiple of its input channels; 1 alone means a block without expansion. */
    expandRatios: ascending,
  }),
  v.check(
    ({ expandRatios }) => expandRatios[0] !== 1 || expandRatios.length === 1,
    'expand ratio 1 (a block without an expansion) cannot be mixed with others',
  ),
);

export const searchSpaceSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')),
  version: v.literal(1),
  /** Side of the square RGB input in px. A list of one means that the resolution is fixed. */
  resolutions: ascending,
  stem: v.strictObject({ channels: positive, stride: v.picklist([1, 2]), activation }),
  units: v.pipe(v.array(unit), v.minLength(1)),
  /** A pointwise convolution to `channels`, global average pooling, an optional hidden linear layer, the classifier. */
  head: v.strictObject({ channels: positive, activation, hidden: v.optional(positive) }),
});

/** What can be chosen (kernel size, expand ratio, depth, resolution) and what is fixed (widths, strides). */
export type SearchSpace = v.InferOutput<typeof searchSpaceSchema>;
export type Unit = SearchSpace['units'][number];
export type Activation = v.InferOutput<typeof activation>;

/** @throws SearchSpaceError that names the offending field. */
export function parseSearchSpace(document: unknown): SearchSpace {
  const result = v.safeParse(searchSpaceSchema, document);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new SearchSpaceError(`search space: ${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
}

export function deepest(unit: Unit): number {
  return unit.depths.at(-1) as number;
}
