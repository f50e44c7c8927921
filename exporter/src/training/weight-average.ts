import { type Tensor, tensor } from '@easel/sdk/tensor';

/**
 * The exponential moving average of weights that are being trained. Early on it forgets faster, or it would remember the
 * random start for long: the decay of step t is min(decay, (1 + t) / (10 + t)).
 */
export class WeightAverage {
  readonly tensors: ReadonlyMap<string, Tensor>;

  /** @param saved of a checkpoint; else the average starts at the weights */
  constructor(
    readonly weights: ReadonlyMap<string, Tensor>,
    readonly decay: number,
    saved?: ReadonlyMap<string, Float32Array>,
  ) {
    this.tensors = new Map(
      [...weights].map(([name, { shape, data }]) => [name, tensor(shape, new Float32Array(saved?.get(name) ?? data))]),
    );
  }

  /** @param step steps done, the one that the weights come from among them */
  update(step: number): void {
    const share = 1 - Math.min(this.decay, (1 + step) / (10 + step));
    for (const [name, { data }] of this.tensors) {
      const latest = this.weights.get(name)?.data as Float32Array;
      for (let i = 0; i < data.length; i++) {
        data[i] = (data[i] as number) + share * ((latest[i] as number) - (data[i] as number));
      }
    }
  }

  /** The weights become their average. */
  adopt(): void {
    for (const [name, { data }] of this.tensors) this.weights.get(name)?.data.set(data);
  }
}
