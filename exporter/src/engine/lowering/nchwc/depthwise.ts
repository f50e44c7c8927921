import type { Step } from '../lowering.js';
import { type Blocked, phases } from './blocked-emitter.js';
import type { BlockedScope } from './blocked-scope.js';
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

type Pads = readonly [number, number, number, number];

/** The taps of the kernel that meet one part of the input, as a kernel of stride 1. */
interface Taps {
  /** Positions in the whole kernel, row-major. */
  readonly positions: readonly number[];
  readonly extent: readonly [number, number];
  readonly pads: Pads;
}

/**
 * A depthwise convolution with norm and ReLU. One of stride 2 is the sum of four of stride 1, one per phase of the
 * input: even and odd rows and columns meet different taps of the kernel.
 */
export class DepthwiseStep implements Step {
  #backward: ((gradient: Blocked) => void) | undefined;

  constructor(readonly layer: FusedLayer) {}

  forward(scope: BlockedScope): void {
    const { layer } = this;
    const { blocked } = scope;
    const { e } = blocked;
    const { stride, relu } = layer;
    const [channels, , kernel] = layer.weight.shape as [number, number, number];
    const padded = blocked.padded(channels);
    const xs = scope.parts(layer.input, stride === 2 ? 'phases' : 'whole');
    const taps = stride === 2 ? phases.map((phase) => phaseTaps(kernel, phase)) : [wholeKernel(kernel)];
    const flat = e.reshape(scope.name(layer.weight), [channels, kernel * kernel]);
    const weight = e.pad(flat, [0, 0, padded - channels, 0]);
    const inputs = normInputs(scope, layer);
    const activation = relu ? { activation: 'Relu' as const } : {};
    const residual = layer.residual && scope.parts(layer.residual, 'whole')[0]?.name;

    const tapWeight = (matrix: string, { positions, extent }: Taps, flip = false) => {
      const wanted = flip ? [...positions].reverse() : positions;
      const picked = wanted.every((position, i) => position === i) && wanted.length === kernel ** 2;
      return blocked.depthwiseWeight(picked ? matrix : e.gather(matrix, wanted, 1), padded, extent);
    };
    const convolve = (matrix: string, last: { bias?: string; activation?: 'Relu'; sum?: string | undefined }) =>
      taps.reduce<Blocked | undefined>((sum, part, i) => {
        const isLast = i === taps.length - 1;
        return blocked.convolution(xs[i] as Blocked, tapWeight(matrix, part), {
          kernel: part.extent,
          pads: part.pads,
          group: padded,
          outputChannels: padded,
          ...(isLast ? last : {}),
          sum: sum?.name ?? (isLast || i === 0 ? last.sum : undefined),
        });
      }, undefined) as Blocked;
    /** Gradient of the (unscaled) kernel: `[channels, k * k]`, from a gradient of the convolution's output. */
    const kernelGradient = (gradient: Blocked) => {
      const parts = taps.map((part, i) => blocked.depthwiseWeightGradient(xs[i] as Blocked, gradient, part.pads));
      if (parts.length === 1) return parts[0] as string;
      const order = taps.flatMap(({ positions }) => positions);
      return e.gather(
        e.concat(parts, 1),
        order.map((_, position) => order.indexOf(position)),
        1,
      );
    };
    const addWeightGradient = (matrix: string) => {
      if (!scope.differentiable.has(layer.weight)) return;
      const unpadded = padded === channels ? matrix : e.slice(matrix, [0], [channels], [0]);
      scope.addGradient(layer.weight, e.reshape(unpadded, [channels, 1, kernel, kernel]));
    };
    const addInputGradient = (matrix: string, gradient: Blocked) => {
      if (!scope.differentiable.has(layer.input)) return;
      const parts = taps.map((part) => {
        const [height, width] = part.extent;
        const [top, left, bottom, right] = part.pads;
        return blocked.convolution(gradient, tapWeight(matrix, part, true), {
          kernel: part.extent,
          pads: [height - 1 - top, width - 1 - left, height - 1 - bottom, width - 1 - right],
          group: padded,
          outputChannels: padded,
        });
      });
      scope.addBlockedGradient(layer.input, parts);
    };

    if (layer.frozen) {
      const { mean, variance } = frozenStatistics(scope, layer);
      const norm = normOf(e, inputs, mean, variance);
      const scaled = e.multiply(weight, norm.a);
      const y = convolve(scaled, { bias: e.reshape(norm.b, [-1]), ...activation, sum: residual });
      scope.defineBlocked(layer.output, [y]);
      this.#backward = (dv) => {
        const gradient = kernelGradient(dv);
        const sum = e.scale(blocked.channelMean(dv), samplesOf(dv));
        const dot = e.reduceSum(e.multiply(gradient, weight), [1], true);
        addNormGradients(scope, layer, normGradient(e, norm, sum, dot));
        addWeightGradient(e.multiply(gradient, norm.a));
        addInputGradient(scaled, dv);
      };
      return;
    }

    const u = convolve(weight, {});
    const samples = samplesOf(u);
    const mean = blocked.channelMean(u);
    const variance = varianceOf(e, mean, blocked.channelDot(u, u), samples);
    defineStatistics(scope, layer, mean, variance);
    const norm = normOf(e, inputs, mean, variance);
    scope.defineBlocked(layer.output, [blocked.affine(u, norm.a, norm.b, { sum: residual, ...activation })]);
    this.#backward = (dv) => {
      const meanGradient = blocked.channelMean(dv);
      const dot = blocked.channelDot(dv, u);
      const gradient = normGradient(e, norm, e.scale(meanGradient, samples), dot);
      addNormGradients(scope, layer, gradient);
      const { b, c } = statisticsGradient(e, norm, gradient.scale, meanGradient, samples);
      const du = blocked.affine(u, b, c, { sum: dv.name });
      addWeightGradient(e.multiply(kernelGradient(du), norm.a));
      addInputGradient(e.multiply(weight, norm.a), du);
    };
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
}

function samplesOf({ batch, height, width }: Blocked): number {
  return batch * height * width;
}

function wholeKernel(kernel: number): Taps {
  const pad = kernel >> 1;
  return {
    positions: Array.from({ length: kernel ** 2 }, (_, i) => i),
    extent: [kernel, kernel],
    pads: [pad, pad, pad, pad],
  };
}

/** Output position o reads input position 2 o + t - pad at tap t: phase p holds it where t - pad - p is even. */
function phaseTaps(kernel: number, [row, column]: readonly [number, number]): Taps {
  const pad = kernel >> 1;
  const along = (phase: number) => {
    const taps = Array.from({ length: kernel }, (_, tap) => tap).filter((tap) => (tap - pad - phase) % 2 === 0);
    const offset = (tap: number) => (tap - pad - phase) / 2;
    return { taps, before: -offset(taps[0] as number), after: offset(taps.at(-1) as number) };
  };
  const rows = along(row);
  const columns = along(column);
  return {
    positions: rows.taps.flatMap((r) => columns.taps.map((c) => r * kernel + c)),
    extent: [rows.taps.length, columns.taps.length],
    pads: [rows.before, columns.before, rows.after, columns.after],
  };
}
