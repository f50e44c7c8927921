import type { Tensor } from '@easel/sdk/tensor';

export interface OptimizerOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly gradientClip: number;
}

/**
 * Stochastic gradient descent with Nesterov's momentum as PyTorch formulates it: v = momentum v + g,
 * w -= rate (g + momentum v). Weight decay joins the gradient after clipping, and only that of kernels and matrices.
 */
export class Sgd {
  readonly velocity: ReadonlyMap<string, Float32Array>;

  constructor(
    readonly weights: ReadonlyMap<string, Tensor>,
    readonly options: OptimizerOptions,
  ) {
    this.velocity = new Map([...weights].map(([name, { data }]) => [name, new Float32Array(data.length)]));
  }

  /** @returns the gradient's global norm before clipping; where it is not finite, nothing was changed */
  step(gradients: ReadonlyMap<string, Tensor>, learningRate: number): number {
    const { momentum, weightDecay, gradientClip } = this.options;
    const norm = globalNorm(gradients.values());
    if (!Number.isFinite(norm)) return norm;
    const scale = norm > gradientClip ? gradientClip / norm : 1;
    for (const [name, { shape, data: weight }] of this.weights) {
      const gradient = (gradients.get(name) as Tensor).data;
      const decay = shape.length > 1 ? weightDecay : 0;
      update(weight, gradient, this.velocity.get(name) as Float32Array, scale, decay, momentum, learningRate);
    }
    return norm;
  }
}

function update(
  weight: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array,
  scale: number,
  decay: number,
  momentum: number,
  rate: number,
): void {
  for (let i = 0; i < weight.length; i++) {
    const w = weight[i] as number;
    const g = scale * (gradient[i] as number) + decay * w;
    const v = momentum * (velocity[i] as number) + g;
    velocity[i] = v;
    weight[i] = w - rate * (g + momentum * v);
  }
}

function globalNorm(gradients: Iterable<Tensor>): number {
  let sum = 0;
  for (const { data } of gradients) sum += sumOfSquares(data);
  return Math.sqrt(sum);
}

/** Four sums at a time: one alone would wait for each addition to end before the next. */
function sumOfSquares(data: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const fours = data.length & ~3;
  for (let i = 0; i < fours; i += 4) {
    a += (data[i] as number) * (data[i] as number);
    b += (data[i + 1] as number) * (data[i + 1] as number);
    c += (data[i + 2] as number) * (data[i + 2] as number);
    d += (data[i + 3] as number) * (data[i + 3] as number);
  }
  for (let i = fours; i < data.length; i++) a += (data[i] as number) * (data[i] as number);
  return a + b + (c + d);
}
