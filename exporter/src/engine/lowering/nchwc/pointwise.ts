import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';
import {
  addNormGradients,
  defineStatistics,
  frozenStatistics,
  type Norm,
  normGradient,
  normInputs,
  normOf,
  statisticsGradient,
  varianceOf,
} from './norm.js';
import type { FusedLayer } from './partition.js';

/** The layer's weight as a padded matrix `[out, in]`, and the way back for its gradient. */
export interface WeightMatrix {
  readonly matrix: string;
  toGradient(matrix: string): string;
}

/**
 * A 1x1 convolution with norm and ReLU or residual. With the batch's statistics there are two ways:
 *
 * - expanding (out >= in): the statistics of u = W x follow from the Gram matrix G = x xᵀ, as mean = W mean(x) and
 *   E[u²] = rowsum((W G) ∘ W), so that norm and ReLU fold into the convolution and the wide u is never stored;
 * - contracting: u is narrow; it is stored, and normalized by a second, cheap pass.
 *
 * With frozen statistics the norm always folds.
 */
export abstract class MatrixStep implements Step {
  #backward: ((gradient: Parts) => void) | undefined;

  constructor(protected readonly layer: FusedLayer) {}

  protected abstract inputs(scope: BlockedScope): Parts;
  protected abstract weight(scope: BlockedScope): WeightMatrix;
  /** Adds W ᵀ du (already computed per part) to the input's gradient. */
  protected abstract addInputGradient(scope: BlockedScope, parts: Parts): void;
  protected abstract readonly needsInputGradient: (scope: BlockedScope) => boolean;

  forward(scope: BlockedScope): void {
    const { layer } = this;
    const xs = this.inputs(scope);
    const out = scope.blocked.padded(layer.output.shape[1] as number);
    const weight = this.weight(scope);
    const pass = { scope, layer, xs, out, weight, residual: this.#residual(scope) };
    const { ys, backward } = layer.frozen
      ? this.#frozen(pass)
      : out >= (xs[0] as Blocked).channels
        ? this.#expanding(pass)
        : this.#contracting(pass);
    scope.defineBlocked(layer.output, ys);
    this.#backward = backward;
  }

  backward(scope: BlockedScope): void {
    const { layer } = this;
    if (!scope.differentiable.has(layer.output)) return;
    const gradients = scope.blockedGradient(layer.output, layer.phased ? 'phases' : 'whole');
    if (!gradients) return;
    if (layer.residual && scope.differentiable.has(layer.residual)) {
      scope.addBlockedGradient(layer.residual, gradients);
    }
    const ys = scope.parts(layer.output, layer.phased ? 'phases' : 'whole');
    this.#backward?.(
      layer.relu ? gradients.map((part, i) => scope.blocked.reluGradient(ys[i] as Blocked, part)) : gradients,
    );
  }

  #residual(scope: BlockedScope): string | undefined {
    return this.layer.residual && scope.parts(this.layer.residual, 'whole')[0]?.name;
  }

  #weightGradient(scope: BlockedScope, weight: WeightMatrix, matrix: () => string): void {
    if (scope.differentiable.has(this.layer.weight)) {
      scope.addGradient(this.layer.weight, weight.toGradient(matrix()));
    }
  }

  #frozen({ scope, layer, xs, out, weight, residual }: Pass): PassResult {
    const { blocked } = scope;
    const { e } = blocked;
    const { mean, variance } = frozenStatistics(scope, layer);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    const scaled = e.multiply(weight.matrix, norm.a);
    const backward = (dvs: Parts) => {
      const outer = sumOf(scope, dvs, (dv, i) => blocked.outerProduct(dv, xs[i] as Blocked));
      const dot = e.reduceSum(e.multiply(outer, weight.matrix), [1], true);
      const sum = e.scale(meanOf(scope, dvs), samplesOf(dvs));
      addNormGradients(scope, layer, normGradient(e, norm, sum, dot));
      this.#weightGradient(scope, weight, () => e.multiply(outer, norm.a));
      if (!this.needsInputGradient(scope)) return;
      const back = e.transpose(scaled, [1, 0]);
      const carried = this.#carried(scope);
      this.addInputGradient(
        scope,
        dvs.map((dv, i) => blocked.pointwise(dv, back, (xs[0] as Blocked).channels, { sum: carried?.[i]?.name })),
      );
    };
    return { ys: xs.map((x) => blocked.pointwise(x, scaled, out, this.#extras(norm, scope, residual))), backward };
  }

  #extras(norm: Norm, scope: BlockedScope, sum: string | undefined) {
    const bias = scope.emitter.reshape(norm.b, [-1]);
    return { bias, sum, ...(this.layer.relu ? { activation: 'Relu' as const } : {}) };
  }

  /** What was already added to the input's gradient: folded into the convolution that adds this layer's part. */
  #carried(scope: BlockedScope): Parts | undefined {
    return scope.takeBlockedGradient(this.layer.input, this.layer.phased ? 'phases' : 'whole');
  }

  #expanding({ scope, layer, xs, out, weight, residual }: Pass): PassResult {
    const { blocked } = scope;
    const { e } = blocked;
    const samples = samplesOf(xs);
    const { matrix } = weight;
    const gram = sumOf(scope, xs, (x) => blocked.outerProduct(x, x));
    const inputMean = meanOf(scope, xs);
    const product = e.matmul(matrix, gram);
    const mean = e.matmul(matrix, inputMean);
    const sumOfSquares = e.reduceSum(e.multiply(product, matrix), [1], true);
    const variance = varianceOf(e, mean, sumOfSquares, samples);
    defineStatistics(scope, layer, mean, variance);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    const scaled = e.multiply(matrix, norm.a);

    const backward = (dvs: Parts) => {
      const outer = sumOf(scope, dvs, (dv, i) => blocked.outerProduct(dv, xs[i] as Blocked));
      const meanGradient = meanOf(scope, dvs);
      const dot = e.reduceSum(e.multiply(outer, matrix), [1], true);
      const gradient = normGradient(e, norm, e.scale(meanGradient, samples), dot);
      addNormGradients(scope, layer, gradient);
      const through = statisticsGradient(e, norm, gradient.scale, meanGradient, samples);
      const b = e.multiply(norm.a, through.b);
      const c = e.multiply(norm.a, through.c);
      this.#weightGradient(scope, weight, () => {
        const ofMean = e.multiply(c, e.transpose(e.scale(inputMean, samples), [1, 0]));
        return e.sum([e.multiply(norm.a, outer), e.multiply(b, product), ofMean]);
      });
      if (!this.needsInputGradient(scope)) return;
      // dx = (aW)ᵀ dv + (Wᵀ diag(b) W) x + Wᵀ c
      const channels = (xs[0] as Blocked).channels;
      const quadratic = e.matmul(matrix, e.multiply(b, matrix), { transposeA: true });
      const constant = e.reshape(e.matmul(matrix, c, { transposeA: true }), [-1]);
      const back = e.transpose(scaled, [1, 0]);
      const carried = this.#carried(scope);
      this.addInputGradient(
        scope,
        dvs.map((dv, i) => {
          const sum = blocked.pointwise(xs[i] as Blocked, quadratic, channels, {
            bias: constant,
            sum: carried?.[i]?.name,
          });
          return blocked.pointwise(dv, back, channels, { sum: sum.name });
        }),
      );
    };
    return { ys: xs.map((x) => blocked.pointwise(x, scaled, out, this.#extras(norm, scope, residual))), backward };
  }

  #contracting({ scope, layer, xs, out, weight, residual }: Pass): PassResult {
    const { blocked } = scope;
    const { e } = blocked;
    const samples = samplesOf(xs);
    const us = xs.map((x) => blocked.pointwise(x, weight.matrix, out));
    const mean = meanOf(scope, us);
    const sumOfSquares = sumOf(scope, us, (u) => blocked.channelDot(u, u));
    const variance = varianceOf(e, mean, sumOfSquares, samples);
    defineStatistics(scope, layer, mean, variance);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    const relu = layer.relu ? { activation: 'Relu' as const } : {};

    const backward = (dvs: Parts) => {
      const meanGradient = meanOf(scope, dvs);
      const dot = sumOf(scope, dvs, (dv, i) => blocked.channelDot(dv, us[i] as Blocked));
      const gradient = normGradient(e, norm, e.scale(meanGradient, samples), dot);
      addNormGradients(scope, layer, gradient);
      const { b, c } = statisticsGradient(e, norm, gradient.scale, meanGradient, samples);
      const dus = dvs.map((dv, i) => blocked.affine(us[i] as Blocked, b, c, { sum: dv.name }));
      this.#weightGradient(scope, weight, () =>
        e.multiply(
          sumOf(scope, dus, (du, i) => blocked.outerProduct(du, xs[i] as Blocked)),
          norm.a,
        ),
      );
      if (!this.needsInputGradient(scope)) return;
      const back = e.transpose(e.multiply(weight.matrix, norm.a), [1, 0]);
      const carried = this.#carried(scope);
      this.addInputGradient(
        scope,
        dus.map((du, i) => blocked.pointwise(du, back, (xs[0] as Blocked).channels, { sum: carried?.[i]?.name })),
      );
    };
    return { ys: us.map((u) => blocked.affine(u, norm.a, norm.b, { sum: residual, ...relu })), backward };
  }
}

interface Pass {
  readonly scope: BlockedScope;
  readonly layer: FusedLayer;
  readonly xs: Parts;
  readonly out: number;
  readonly weight: WeightMatrix;
  readonly residual: string | undefined;
}
interface PassResult {
  readonly ys: Parts;
  readonly backward: (dvs: Parts) => void;
}

function samplesOf(parts: Parts): number {
  const { batch, height, width } = parts[0] as Blocked;
  return batch * height * width * parts.length;
}

function sumOf(scope: BlockedScope, parts: Parts, term: (part: Blocked, i: number) => string): string {
  return scope.emitter.sum(parts.map(term));
}

function meanOf(scope: BlockedScope, parts: Parts): string {
  return scope.emitter.scale(
    sumOf(scope, parts, (part) => scope.blocked.channelMean(part)),
    1 / parts.length,
  );
}

export class PointwiseStep extends MatrixStep {
  protected inputs(scope: BlockedScope): Parts {
    return scope.parts(this.layer.input, this.layer.phased ? 'phases' : 'whole');
  }

  protected weight(scope: BlockedScope): WeightMatrix {
    const { e } = scope.blocked;
    const [out, channels] = this.layer.weight.shape as [number, number];
    const pads = [0, 0, scope.blocked.padded(out) - out, scope.blocked.padded(channels) - channels];
    return {
      matrix: e.pad(e.reshape(scope.name(this.layer.weight), [out, channels]), pads),
      toGradient: (matrix) => {
        const unpadded = pads.some((n) => n > 0) ? e.slice(matrix, [0, 0], [out, channels], [0, 1]) : matrix;
        return e.reshape(unpadded, [out, channels, 1, 1]);
      },
    };
  }

  protected addInputGradient(scope: BlockedScope, parts: Parts): void {
    scope.addBlockedGradient(this.layer.input, parts);
  }

  protected readonly needsInputGradient = (scope: BlockedScope) => scope.differentiable.has(this.layer.input);
}

/** A dense k x k convolution (the stem) as a 1x1 convolution over its im2col columns. */
export class DenseStep extends MatrixStep {
  protected inputs(scope: BlockedScope): Parts {
    const { e } = scope.blocked;
    const { input, weight, output, stride } = this.layer;
    const [batch, channels, height, width] = input.shape as [number, number, number, number];
    const [, , outHeight, outWidth] = output.shape as [number, number, number, number];
    const kernel = weight.shape[2] as number;
    const pad = kernel >> 1;
    const far = (extent: number, out: number) => Math.max(0, (out - 1) * stride + kernel - extent - pad);
    const padded = e.pad(scope.name(input), [0, 0, pad, pad, 0, 0, far(height, outHeight), far(width, outWidth)]);
    const taps: string[] = [];
    for (let row = 0; row < kernel; row++) {
      for (let column = 0; column < kernel; column++) {
        const ends = [row + (outHeight - 1) * stride + 1, column + (outWidth - 1) * stride + 1];
        taps.push(e.slice(padded, [row, column], ends, [2, 3], [stride, stride]));
      }
    }
    return [scope.blocked.fromRows(e.concat(taps, 1), [batch, channels * kernel * kernel, outHeight, outWidth])];
  }

  protected weight(scope: BlockedScope): WeightMatrix {
    const { e } = scope.blocked;
    const [out, channels, kernel] = this.layer.weight.shape as [number, number, number];
    const columns = channels * kernel * kernel;
    const pads = [0, 0, scope.blocked.padded(out) - out, scope.blocked.padded(columns) - columns];
    const ordered = e.reshape(e.transpose(scope.name(this.layer.weight), [0, 2, 3, 1]), [out, columns]);
    return {
      matrix: e.pad(ordered, pads),
      toGradient: (matrix) => {
        const unpadded = e.slice(matrix, [0, 0], [out, columns], [0, 1]);
        return e.transpose(e.reshape(unpadded, [out, kernel, kernel, channels]), [0, 3, 1, 2]);
      },
    };
  }

  protected addInputGradient(): void {}

  /** See partition: dense convolutions whose input needs a gradient are left to the portable emission. */
  protected readonly needsInputGradient = () => false;
}
