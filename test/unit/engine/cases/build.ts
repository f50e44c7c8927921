import { ops, type Value } from '@easel/exporter/engine';
import { between, type Fill, normal, type Subject, scaledNormal } from '../case.js';

export type Norm = 'batch' | 'frozen';
export const norms: readonly Norm[] = ['batch', 'frozen'];

/**
 * How the inputs of activations are spread. `apart`: whole channels are far above or far below zero, so that finite
 * differences cross no kink of a ReLU. `mixed`: as in a real network.
 */
export type Spread = 'apart' | 'mixed';

const scales: Readonly<Record<Spread, Fill>> = { apart: between(0.2, 0.3), mixed: between(0.7, 1.3) };
const shifts: Readonly<Record<Spread, Fill>> = {
  apart: (random) => (random.float() < 0.3 ? -1 : 1) * random.uniform(1, 1.5),
  mixed: scaledNormal(0.3),
};

export interface LayerOptions {
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly depthwise?: boolean;
  readonly norm: Norm;
  readonly spread: Spread;
  readonly activation?: ops.ActivationName;
  readonly residual?: Value;
}

/** Convolution, norm, then activation or residual or neither, with parameters of its own. */
export function layer(s: Subject, name: string, x: Value, options: LayerOptions): Value {
  const { out, kernel, stride = 1, depthwise = false, activation, residual } = options;
  const into = depthwise ? 1 : (x.shape[1] as number);
  const shape = [out, into, kernel, kernel];
  const fanIn = into * kernel * kernel;
  // A single weight next to zero would leave batch norm nothing but its epsilon to divide by.
  const fill = fanIn === 1 ? between(0.5, 1.5) : scaledNormal(1 / Math.sqrt(fanIn));
  const weight = s.variable(`${name}.weight`, shape, fill);
  const y = s.graph.apply(ops.convolution, [x, weight], { stride, groups: depthwise ? out : 1 });
  const normalized = normalize(s, name, y, options);
  if (residual) return s.graph.apply(ops.add, [normalized, residual], {});
  return activation ? s.graph.apply(ops.activation, [normalized], { kind: activation }) : normalized;
}

export function normalize(
  s: Subject,
  name: string,
  x: Value,
  { norm, spread }: Pick<LayerOptions, 'norm' | 'spread'>,
): Value {
  const channels = [x.shape[1] as number];
  const inputs = [
    x,
    s.variable(`${name}.scale`, channels, scales[spread]),
    s.variable(`${name}.shift`, channels, shifts[spread]),
  ];
  if (norm === 'batch') return s.graph.apply(ops.batchNorm, inputs, {});
  const statistics = [
    s.constant(`${name}.mean`, channels, scaledNormal(0.2)),
    s.constant(`${name}.variance`, channels, between(1, 2)),
  ];
  return s.graph.apply(ops.frozenNorm, [...inputs, ...statistics], {});
}

export interface BlockOptions {
  readonly inner: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly norm: Norm;
  readonly spread: Spread;
  readonly activation: ops.ActivationName;
  readonly squeezeExcite?: boolean;
}

/** An inverted residual block; with a shortcut where shapes allow one. */
export function block(s: Subject, name: string, x: Value, options: BlockOptions): Value {
  const { inner, out, kernel, stride, squeezeExcite: gated } = options;
  let y = layer(s, `${name}.expand`, x, { ...options, out: inner, kernel: 1, stride: 1 });
  y = layer(s, `${name}.depthwise`, y, { ...options, out: inner, kernel, stride, depthwise: true });
  if (gated) y = squeezeExcite(s, `${name}.gate`, y);
  const { norm, spread } = options;
  const shortcut = stride === 1 && out === x.shape[1] ? { residual: x } : {};
  return layer(s, `${name}.project`, y, { norm, spread, out, kernel: 1, ...shortcut });
}

function squeezeExcite(s: Subject, name: string, x: Value): Value {
  const [batch, channels] = x.shape as [number, number];
  const reduced = Math.ceil(channels / 4);
  const linear = (input: Value, part: string, out: number, bias: Fill) => {
    const into = input.shape[1] as number;
    const weight = s.variable(`${name}.${part}.weight`, [out, into], scaledNormal(0.5 / Math.sqrt(into)));
    return s.graph.apply(ops.linear, [input, weight, s.variable(`${name}.${part}.bias`, [out], bias)], {});
  };
  let gate = s.graph.apply(ops.globalAveragePool, [x], {});
  gate = linear(gate, 'reduce', reduced, shifts.apart);
  gate = s.graph.apply(ops.activation, [gate], { kind: 'relu' });
  gate = linear(gate, 'expand', channels, normal);
  gate = s.graph.apply(ops.activation, [gate], { kind: 'hardSigmoid' });
  gate = s.graph.apply(ops.reshape, [gate], { shape: [batch, channels, 1, 1] });
  return s.graph.apply(ops.multiply, [x, gate], {});
}
