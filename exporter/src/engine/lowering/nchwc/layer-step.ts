import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope, Parts } from './blocked-scope.js';
import type { Extras, Kernel } from './kernel.js';
import {
  addNormGradients,
  batchNorm,
  batchNormGradient,
  frozenStatistics,
  normGradient,
  normInputs,
  normOf,
} from './norm.js';
import type { FusedLayer } from './partition.js';

/** A layer's output, and what adds its gradients, given that of the norm's output. */
export interface Emitted {
  readonly ys: Parts;
  readonly backward: (gradients: Parts) => void;
}

/** A convolution with norm and ReLU or residual. */
export class LayerStep implements Step {
  readonly #kernelOf: (scope: BlockedScope) => Kernel;
  #backward: ((gradients: Parts) => void) | undefined;

  constructor(
    protected readonly layer: FusedLayer,
    kernelOf: (scope: BlockedScope) => Kernel,
  ) {
    this.#kernelOf = kernelOf;
  }

  forward(scope: BlockedScope): void {
    const { layer } = this;
    const kernel = this.#kernelOf(scope);
    const sum = layer.residual && scope.parts(layer.residual, 'whole')[0]?.name;
    const extras = { sum, ...(layer.relu ? { activation: 'Relu' as const } : {}) };
    const { ys, backward } = layer.frozen ? this.frozen(scope, kernel, extras) : this.normalized(scope, kernel, extras);
    scope.defineBlocked(layer.output, ys);
    this.#backward = backward;
  }

  backward(scope: BlockedScope): void {
    const { layer } = this;
    if (!scope.differentiable.has(layer.output)) return;
    const layout = layer.phased ? 'phases' : 'whole';
    const gradients = scope.blockedGradient(layer.output, layout);
    if (!gradients) return;
    if (layer.residual && scope.differentiable.has(layer.residual)) {
      scope.addBlockedGradient(layer.residual, gradients);
    }
    const ys = scope.parts(layer.output, layout);
    this.#backward?.(
      layer.relu ? gradients.map((part, i) => scope.blocked.reluGradient(ys[i] as Blocked, part)) : gradients,
    );
  }

  /** Given statistics fold into the kernel. */
  protected frozen(scope: BlockedScope, kernel: Kernel, extras: Extras): Emitted {
    const { layer } = this;
    const { e } = scope.blocked;
    const { mean, variance } = frozenStatistics(scope, layer);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    const scaled = e.multiply(kernel.matrix, norm.a);
    return {
      ys: kernel.convolve(scaled, { ...extras, bias: e.reshape(norm.b, [-1]) }),
      backward: (dvs) => {
        const gradient = kernel.matrixGradient(dvs);
        const sum = e.scale(meanOf(scope, dvs), samplesOf(dvs));
        const dot = e.reduceSum(e.multiply(gradient, kernel.matrix), [1], true);
        addNormGradients(scope, layer, normGradient(e, norm, sum, dot));
        kernel.addWeightGradient(() => e.multiply(gradient, norm.a));
        kernel.addInputGradient(scaled, dvs);
      },
    };
  }

  /** With the batch's statistics the convolution's result is stored, and normalized by a second, cheap pass. */
  protected normalized(scope: BlockedScope, kernel: Kernel, extras: Extras): Emitted {
    const { layer } = this;
    const { blocked } = scope;
    const { e } = blocked;
    const us = kernel.convolve(kernel.matrix);
    const samples = samplesOf(us);
    const mean = meanOf(scope, us);
    const sumOfSquares = sumOf(scope, us, (u) => blocked.channelDot(u, u));
    const norm = batchNorm(scope, layer, mean, sumOfSquares, samples);
    return {
      ys: us.map((u) => blocked.affine(u, norm.a, norm.b, extras)),
      backward: (dvs) => {
        const meanGradient = meanOf(scope, dvs);
        const dot = sumOf(scope, dvs, (dv, i) => blocked.channelDot(dv, us[i] as Blocked));
        const { b, c } = batchNormGradient(scope, layer, norm, meanGradient, dot, samples);
        const dus = dvs.map((dv, i) => blocked.affine(us[i] as Blocked, b, c, { sum: dv.name }));
        kernel.addWeightGradient(() => e.multiply(kernel.matrixGradient(dus), norm.a));
        kernel.addInputGradient(e.multiply(kernel.matrix, norm.a), dus);
      },
    };
  }
}

export function samplesOf(parts: Parts): number {
  const { batch, height, width } = parts[0] as Blocked;
  return batch * height * width * parts.length;
}

export function sumOf(scope: BlockedScope, parts: Parts, term: (part: Blocked, i: number) => string): string {
  return scope.emitter.sum(parts.map(term));
}

/** Over images, positions and parts: `[channels, 1]`. */
export function meanOf(scope: BlockedScope, parts: Parts): string {
  return scope.emitter.scale(
    sumOf(scope, parts, (part) => scope.blocked.channelMean(part)),
    1 / parts.length,
  );
}
