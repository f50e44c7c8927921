import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';
import type { Extras, Kernel } from './kernel.js';
import { type Emitted, LayerStep, meanOf, samplesOf, sumOf } from './layer-step.js';
import { batchNorm, batchNormGradient } from './norm.js';
import type { FusedLayer } from './partition.js';

/** A 1x1 convolution and its gradients. */
export class PointwiseKernel implements Kernel {
  readonly matrix: string;
  readonly xs: Parts;
  readonly #out: number;
  readonly #pads: readonly number[];

  constructor(
    readonly scope: BlockedScope,
    readonly layer: FusedLayer,
  ) {
    const { blocked } = scope;
    const [out, channels] = layer.weight.shape as [number, number];
    this.xs = scope.parts(layer.input, layer.phased ? 'phases' : 'whole');
    this.#out = blocked.padded(out);
    this.#pads = [0, 0, this.#out - out, blocked.padded(channels) - channels];
    this.matrix = blocked.e.pad(blocked.e.reshape(scope.name(layer.weight), [out, channels]), this.#pads);
  }

  convolve(matrix: string, extras: Extras = {}): Parts {
    return this.xs.map((x) => this.scope.blocked.pointwise(x, matrix, this.#out, extras));
  }

  matrixGradient(gradients: Parts): string {
    return sumOf(this.scope, gradients, (part, i) => this.scope.blocked.outerProduct(part, this.xs[i] as Blocked));
  }

  addWeightGradient(matrix: () => string): void {
    const { scope, layer } = this;
    if (!scope.differentiable.has(layer.weight)) return;
    const { e } = scope.blocked;
    const [out, channels] = layer.weight.shape as [number, number];
    const padded = this.#pads.some((amount) => amount > 0);
    const gradient = padded ? e.slice(matrix(), [0, 0], [out, channels], [0, 1]) : matrix();
    scope.addGradient(layer.weight, e.reshape(gradient, layer.weight.shape));
  }

  get expands(): boolean {
    return this.#out >= (this.xs[0] as Blocked).channels;
  }

  get needsInputGradient(): boolean {
    return this.scope.differentiable.has(this.layer.input);
  }

  addInputGradient(matrix: string, gradients: Parts): void {
    if (this.needsInputGradient) this.#propagate(matrix, gradients, this.carried());
  }

  /** @param sums go into the parts of the gradient */
  addInputGradientTo(sums: Parts, matrix: string, gradients: Parts): void {
    this.#propagate(matrix, gradients, sums);
  }

  /** What was already added to the input's gradient: folded into the convolution that adds this layer's part. */
  carried(): Parts | undefined {
    return this.scope.takeBlockedGradient(this.layer.input, this.layer.phased ? 'phases' : 'whole');
  }

  #propagate(matrix: string, gradients: Parts, sums: Parts | undefined): void {
    const { scope, layer, xs } = this;
    const { channels } = xs[0] as Blocked;
    const weight = scope.blocked.turnedPointwiseWeight(matrix, this.#out, channels);
    scope.addBlockedGradient(
      layer.input,
      gradients.map((part, i) => scope.blocked.pointwiseBy(part, weight, channels, { sum: sums?.[i]?.name })),
    );
  }
}

/**
 * A 1x1 convolution with norm and ReLU or residual. With the batch's statistics there are two ways:
 *
 * - expanding (out >= in): the statistics of u = W x follow from the Gram matrix G = x xᵀ, as mean = W mean(x) and
 *   E[u²] = rowsum((W G) ∘ W), so that norm and ReLU fold into the convolution and the wide u is never stored;
 * - contracting: u is narrow; it is stored, as after any other convolution.
 */
export class PointwiseStep extends LayerStep {
  constructor(layer: FusedLayer) {
    super(layer, (scope) => new PointwiseKernel(scope, layer));
  }

  protected override normalized(scope: BlockedScope, kernel: PointwiseKernel, extras: Extras): Emitted {
    return kernel.expands ? this.#expanding(scope, kernel, extras) : super.normalized(scope, kernel, extras);
  }

  #expanding(scope: BlockedScope, kernel: PointwiseKernel, extras: Extras): Emitted {
    const { layer } = this;
    const { blocked } = scope;
    const { e } = blocked;
    const { matrix, xs } = kernel;
    const samples = samplesOf(xs);
    const gram = sumOf(scope, xs, (x) => blocked.outerProduct(x, x));
    const inputMean = meanOf(scope, xs);
    const product = e.matmul(matrix, gram);
    const mean = e.matmul(matrix, inputMean);
    const sumOfSquares = e.reduceSum(e.multiply(product, matrix), [1], true);
    const norm = batchNorm(scope, layer, mean, sumOfSquares, samples);
    const scaled = e.multiply(matrix, norm.a);

    const backward = (dvs: Parts) => {
      const outer = kernel.matrixGradient(dvs);
      const meanGradient = meanOf(scope, dvs);
      const dot = e.reduceSum(e.multiply(outer, matrix), [1], true);
      const through = batchNormGradient(scope, layer, norm, meanGradient, dot, samples);
      const b = e.multiply(norm.a, through.b);
      const c = e.multiply(norm.a, through.c);
      kernel.addWeightGradient(() => {
        const ofMean = e.multiply(c, e.transpose(e.scale(inputMean, samples), [1, 0]));
        return e.sum([e.multiply(norm.a, outer), e.multiply(b, product), ofMean]);
      });
      if (!kernel.needsInputGradient) return;
      // dx = (aW)ᵀ dv + (Wᵀ diag(b) W) x + Wᵀ c
      const { channels } = xs[0] as Blocked;
      const quadratic = e.matmul(matrix, e.multiply(b, matrix), { transposeA: true });
      const bias = e.reshape(e.matmul(matrix, c, { transposeA: true }), [-1]);
      const carried = kernel.carried();
      const sums = xs.map((x, i) => blocked.pointwise(x, quadratic, channels, { bias, sum: carried?.[i]?.name }));
      kernel.addInputGradientTo(sums, scaled, dvs);
    };
    return { ys: kernel.convolve(scaled, { ...extras, bias: e.reshape(norm.b, [-1]) }), backward };
  }
}
