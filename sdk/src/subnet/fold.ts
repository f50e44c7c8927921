import { normEpsilon } from '../space/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import type { Moments } from './weights.js';

export interface BatchNorm extends Moments {
  /** γ and β, `[channels]`. */
  readonly scale: Tensor;
  readonly shift: Tensor;
}

export interface FoldedConvolution {
  readonly weight: Tensor;
  /** `[out]` */
  readonly bias: Tensor;
}

/** A convolution `[out, in / groups, k, k]` and the batch norm after it, as one convolution with a bias. */
export function foldBatchNorm(weight: Tensor, { scale, shift, mean, variance }: BatchNorm): FoldedConvolution {
  const channels = weight.shape[0] as number;
  const perChannel = weight.data.length / channels;
  const folded = new Float32Array(weight.data.length);
  const bias = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const factor = (scale.data[channel] as number) / Math.sqrt((variance.data[channel] as number) + normEpsilon);
    bias[channel] = (shift.data[channel] as number) - (mean.data[channel] as number) * factor;
    const end = (channel + 1) * perChannel;
    for (let i = channel * perChannel; i < end; i++) folded[i] = (weight.data[i] as number) * factor;
  }
  return { weight: tensor(weight.shape, folded), bias: tensor([channels], bias) };
}
