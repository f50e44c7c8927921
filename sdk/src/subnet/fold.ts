import { normEpsilon } from '../space/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import type { Moments } from './weights.js';

export interface BatchNorm extends Moments {
  /** γ and β, `[channels]` or more. */
  readonly scale: Tensor;
  readonly shift: Tensor;
}

/** A batch norm as a factor and a bias per channel, `[channels]` each: what it makes of the convolution before it. */
export function factorsAndBias(
  { scale, shift, mean, variance }: BatchNorm,
  channels: number,
): { factors: Float64Array; bias: Tensor } {
  const factors = new Float64Array(channels);
  const bias = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const factor = (scale.data[channel] as number) / Math.sqrt((variance.data[channel] as number) + normEpsilon);
    factors[channel] = factor;
    bias[channel] = (shift.data[channel] as number) - (mean.data[channel] as number) * factor;
  }
  return { factors, bias: tensor([channels], bias) };
}
