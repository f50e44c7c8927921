import { ops, type Value } from '@easel/exporter/engine';
import type { Case, Subject } from '../case.js';
import { block, type LayerOptions, layer, normalize, norms } from './build.js';
import { batch } from './shapes.js';

const pointwise = { kernel: 1, activation: 'relu', spread: 'mixed' } as const;
const depthwise = { kernel: 3, depthwise: true, activation: 'relu', spread: 'mixed' } as const;
const project = { kernel: 1, spread: 'mixed' } as const;

type Build = (s: Subject, x: Value, norm: LayerOptions['norm']) => Record<string, Value>;

/** Graphs in which a value has more than one use, or an unusual one: where a fusion could swallow it. */
const builds: Readonly<Record<string, Build>> = {
  'a convolution used by its norm and as an output'(s, x, norm) {
    const weight = s.variable('weight', [12, 6, 1, 1]);
    const u = s.graph.apply(ops.convolution, [x, weight], { stride: 1, groups: 1 });
    const y = s.graph.apply(ops.activation, [normed(s, u, norm)], { kind: 'relu' });
    return { y, u };
  },
  'a norm used by its activation and by a sum'(s, x, norm) {
    const v = layer(s, 'layer', x, { kernel: 1, spread: 'mixed', out: 12, norm });
    const y = s.graph.apply(ops.activation, [v], { kind: 'relu' });
    return { y: s.graph.apply(ops.add, [y, v], {}) };
  },
  'an activation used by two layers'(s, x, norm) {
    const z = layer(s, 'stem', x, { ...pointwise, out: 12, norm });
    const left = layer(s, 'left', z, { ...project, out: 9, norm });
    const right = layer(s, 'right', z, { ...project, out: 9, norm });
    return { y: s.graph.apply(ops.multiply, [left, right], {}) };
  },
  'an activation used by depthwise layers of stride 1 and 2'(s, x, norm) {
    const z = layer(s, 'stem', x, { ...pointwise, out: 12, norm });
    const near = layer(s, 'near', z, { ...depthwise, out: 12, norm });
    const far = layer(s, 'far', z, { ...depthwise, out: 12, stride: 2, norm });
    const pooled = [near, far].map((value) => s.graph.apply(ops.globalAveragePool, [value], {}));
    return { y: s.graph.apply(ops.multiply, pooled, {}), near, far };
  },
  'a wide layer in phases that is also an output'(s, x, norm) {
    const z = layer(s, 'expand', x, { ...pointwise, out: 20, norm });
    return { y: layer(s, 'far', z, { ...depthwise, kernel: 5, out: 20, stride: 2, norm }), z };
  },
  'a contracting layer before a depthwise one of stride 2'(s, x, norm) {
    const z = layer(s, 'contract', x, { ...pointwise, out: 3, norm });
    return { y: layer(s, 'far', z, { ...depthwise, out: 3, stride: 2, norm }) };
  },
  'a layer without activation before a depthwise one of stride 2'(s, x, norm) {
    const z = layer(s, 'linear', x, { ...project, out: 12, norm });
    return { y: layer(s, 'far', z, { ...depthwise, out: 12, stride: 2, norm }) };
  },
  'a sum with itself'(s, x, norm) {
    const z = layer(s, 'layer', x, { ...project, out: 12, norm });
    return { y: s.graph.apply(ops.add, [z, z], {}) };
  },
  'a sum of two normed layers'(s, x, norm) {
    const left = layer(s, 'left', x, { ...project, out: 9, norm });
    const right = layer(s, 'right', x, { ...project, out: 9, norm });
    return { y: s.graph.apply(ops.add, [left, right], {}) };
  },
  'a shortcut around a depthwise layer'(s, x, norm) {
    const { activation: _, ...linear } = depthwise;
    const z = layer(s, 'first', x, { ...linear, out: 6, norm, residual: x });
    return { y: layer(s, 'second', z, { ...linear, out: 6, norm, residual: z }) };
  },
  'a shortcut computed after the convolution that it goes around'(s, x, norm) {
    const weight = s.variable('weight', [6, 6, 1, 1]);
    const u = s.graph.apply(ops.convolution, [x, weight], { stride: 1, groups: 1 });
    const v = normed(s, u, norm);
    const late = layer(s, 'late', x, { ...project, out: 6, norm });
    return { y: s.graph.apply(ops.add, [late, v], {}) };
  },
  'two shortcuts from one value'(s, x, norm) {
    const first = layer(s, 'first', x, { ...project, out: 6, norm, residual: x });
    const second = layer(s, 'second', first, { ...project, out: 6, norm, residual: x });
    return { y: second };
  },
  'a dense convolution in the middle'(s, x, norm) {
    const z = layer(s, 'first', x, { ...pointwise, out: 7, norm });
    const dense = layer(s, 'dense', z, { ...pointwise, kernel: 3, stride: 2, out: 10, norm });
    return { y: layer(s, 'last', dense, { ...project, out: 5, norm }) };
  },
  'a strided pointwise convolution'(s, x, norm) {
    const z = layer(s, 'first', x, { ...pointwise, out: 7, norm });
    return { y: layer(s, 'strided', z, { ...pointwise, stride: 2, out: 10, norm }) };
  },
  'a layer behind an op that is never fused'(s, x, norm) {
    const z = layer(s, 'first', x, { ...pointwise, activation: 'hswish', out: 10, norm });
    const gate = s.graph.apply(ops.multiply, [z, s.variable('gate', [10, 1, 1])], {});
    return { y: layer(s, 'last', gate, { ...project, out: 9, norm }), gated: gate };
  },
  'a value used by a fused layer and by a plain op'(s, x, norm) {
    const z = layer(s, 'first', x, { ...pointwise, out: 10, norm });
    const y = layer(s, 'last', z, { ...project, out: 10, norm });
    return { y: s.graph.apply(ops.multiply, [z, y], {}) };
  },
  'an output in the middle, pooled at the end'(s, x, norm) {
    const z = block(s, 'first', x, {
      inner: 20,
      out: 6,
      kernel: 3,
      stride: 2,
      norm,
      spread: 'mixed',
      activation: 'relu',
    });
    const y = block(s, 'last', z, {
      inner: 20,
      out: 6,
      kernel: 5,
      stride: 1,
      norm,
      spread: 'mixed',
      activation: 'relu',
    });
    return { y: s.graph.apply(ops.globalAveragePool, [y], {}), z };
  },
  'the same weights in two layers'(s, x, norm) {
    const weight = s.variable('weight', [6, 6, 1, 1]);
    const twice = [0, 1].reduce((value, i) => {
      const u = s.graph.apply(ops.convolution, [value, weight], { stride: 1, groups: 1 });
      return s.graph.apply(ops.activation, [normed(s, u, norm, `norm ${i}`)], { kind: 'relu' });
    }, x);
    return { y: twice };
  },
  'a channel that a ReLU keeps at zero'(s, x, norm) {
    const z = layer(s, 'first', x, { ...pointwise, out: 10, norm });
    const shift = s.feeds.get('first.shift') as Float32Array;
    s.feed(
      'first.shift',
      shift.map((value, i) => (i === 3 ? -50 : value)),
    );
    // Batch norm divides its variance of zero by the epsilon alone.
    return { y: layer(s, 'second', z, { ...depthwise, out: 10, norm }) };
  },
  'a sliced depthwise kernel'(s, x, norm) {
    const full = s.variable('full', [8, 1, 7, 7]);
    const weight = s.graph.apply(ops.sliceWeight, [full], { shape: [6, 1, 3, 3] });
    s.variables.sliced = weight;
    const u = s.graph.apply(ops.convolution, [x, weight], { stride: 2, groups: 6 });
    return { y: s.graph.apply(ops.activation, [normed(s, u, norm)], { kind: 'relu' }) };
  },
};

export const wiringCases: readonly Case[] = norms.flatMap((norm) =>
  [
    [6, 8],
    [5, 7],
  ].flatMap((map) => [
    ...Object.entries(builds).map(([name, build]) => wiringCase(name, build, norm, map, true)),
    wiringCase('an image without a gradient', builds['a dense convolution in the middle'] as Build, norm, map, false),
  ]),
);

function wiringCase(
  name: string,
  build: Build,
  norm: LayerOptions['norm'],
  map: readonly number[],
  differentiable: boolean,
): Case {
  return {
    name: `${name}, ${norm} norm, ${map.join('x')}`,
    margin: 1e-5,
    differences: 'none',
    floor: 0.03,
    build(s) {
      const shape = [batch, 6, ...map];
      return build(s, differentiable ? s.variable('x', shape) : s.constant('x', shape), norm);
    },
  };
}

function normed(s: Subject, u: Value, norm: LayerOptions['norm'], name = 'norm'): Value {
  return normalize(s, name, u, { norm, spread: 'mixed' });
}
