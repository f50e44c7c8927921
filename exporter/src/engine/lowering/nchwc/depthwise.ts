import type { Step } from '../lowering.js';
import type { Blocked } from './blocked-emitter.js';
import type { BlockedScope } from './blocked-scope.js';
import { DepthwiseKernel } from './depthwise-kernel.js';
import {
  addNormGradients,
  defineStatistics,
  frozenStatistics,
  normGradient,
  normInputs,
  normOf,
  statisticsGradient,
  varianceOf,
} from './norm.js';
import type { FusedLayer } from './partition.js';

/** A depthwise convolution with norm and ReLU or residual. */
export class DepthwiseStep implements Step {
  #backward: ((gradient: Blocked) => void) | undefined;

  constructor(readonly layer: FusedLayer) {}

  forward(scope: BlockedScope): void {
    const { layer } = this;
    const kernel = new DepthwiseKernel(scope, layer.input, layer.weight, layer.stride);
    const sum = layer.residual && scope.parts(layer.residual, 'whole')[0]?.name;
    const extras = { sum, ...(layer.relu ? { activation: 'Relu' as const } : {}) };
    if (layer.frozen) this.#frozen(scope, kernel, extras);
    else this.#normalized(scope, kernel, extras);
  }

  backward(scope: BlockedScope): void {
    const { layer } = this;
    if (!scope.differentiable.has(layer.output)) return;
    const gradient = scope.blockedGradient(layer.output, 'whole')?.[0];
    if (!gradient) return;
    if (layer.residual && scope.differentiable.has(layer.residual)) {
      scope.addBlockedGradient(layer.residual, [gradient]);
    }
    const y = scope.parts(layer.output, 'whole')[0] as Blocked;
    this.#backward?.(layer.relu ? scope.blocked.reluGradient(y, gradient) : gradient);
  }

  /** Given statistics fold into the kernel. */
  #frozen(scope: BlockedScope, kernel: DepthwiseKernel, extras: { sum: string | undefined; activation?: 'Relu' }) {
    const { layer } = this;
    const { blocked } = scope;
    const { e } = blocked;
    const { mean, variance } = frozenStatistics(scope, layer);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    const scaled = e.multiply(kernel.matrix, norm.a);
    scope.defineBlocked(layer.output, [kernel.convolve(scaled, { bias: e.reshape(norm.b, [-1]), ...extras })]);
    this.#backward = (dv) => {
      const gradient = kernel.matrixGradient(dv);
      const sum = e.scale(blocked.channelMean(dv), samplesOf(dv));
      const dot = e.reduceSum(e.multiply(gradient, kernel.matrix), [1], true);
      addNormGradients(scope, layer, normGradient(e, norm, sum, dot));
      kernel.addWeightGradient(e.multiply(gradient, norm.a));
      kernel.addInputGradient(scaled, dv);
    };
  }

  #normalized(scope: BlockedScope, kernel: DepthwiseKernel, extras: { sum: string | undefined; activation?: 'Relu' }) {
    const { layer } = this;
    const { blocked } = scope;
    const { e } = blocked;
    const u = kernel.convolve(kernel.matrix);
    const samples = samplesOf(u);
    const mean = blocked.channelMean(u);
    const variance = varianceOf(e, mean, blocked.channelDot(u, u), samples);
    defineStatistics(scope, layer, mean, variance);
    const norm = normOf(e, normInputs(scope, layer), mean, variance);
    scope.defineBlocked(layer.output, [blocked.affine(u, norm.a, norm.b, extras)]);
    this.#backward = (dv) => {
      const meanGradient = blocked.channelMean(dv);
      const dot = blocked.channelDot(dv, u);
      const gradient = normGradient(e, norm, e.scale(meanGradient, samples), dot);
      addNormGradients(scope, layer, gradient);
      const { b, c } = statisticsGradient(e, norm, gradient.scale, meanGradient, samples);
      const du = blocked.affine(u, b, c, { sum: dv.name });
      kernel.addWeightGradient(e.multiply(kernel.matrixGradient(du), norm.a));
      kernel.addInputGradient(e.multiply(kernel.matrix, norm.a), du);
    };
  }
}

function samplesOf({ batch, height, width }: Blocked): number {
  return batch * height * width;
}
