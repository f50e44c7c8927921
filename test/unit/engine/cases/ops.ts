import { ops, type Shape, type Value } from '@easel/exporter/engine';
import { between, type Case, type Fill, normal, type Subject, scaledNormal, smoothAround } from '../case.js';
import { batch, denseWidths, depthwiseWidths, largeMaps, maps } from './shapes.js';

/** Every op by itself, on every kind of shape that it takes. */
export const opCases: readonly Case[] = [
  ...convolutionCases(),
  ...[
    [3, 20],
    [batch, 11, 5, 4],
  ].flatMap((shape) => [
    activation('relu', shape, smoothAround(0)),
    activation('hswish', shape, smoothAround(-3, 3)),
    activation('hardSigmoid', shape, smoothAround(-3, 3)),
  ]),
  one('add', (s) => s.graph.apply(ops.add, [s.variable('a', [3, 5]), s.variable('b', [3, 5])], {})),
  one('add of images', (s) => {
    const [a, b] = [s.variable('a', [batch, 5, 4, 3]), s.variable('b', [batch, 5, 4, 3])];
    return s.graph.apply(ops.add, [a, b], {});
  }),
  one('add to itself', (s) => {
    const a = s.variable('a', [3, 5]);
    return s.graph.apply(ops.add, [a, a], {});
  }),
  ...maps.map((map) => batchNormCase([batch, 11, ...map])),
  batchNormCase([8, 16, 1, 1]),
  ...maps.map((map) => frozenNormCase([batch, 11, ...map])),
  one('globalAveragePool', (s) => s.graph.apply(ops.globalAveragePool, [s.variable('x', [2, 11, 5, 4])], {})),
  one('linear', (s) => {
    const [x, weight, bias] = [s.variable('x', [4, 7]), s.variable('weight', [5, 7]), s.variable('bias', [5])];
    return s.graph.apply(ops.linear, [x, weight, bias], {});
  }),
  one('matmul', (s) => s.graph.apply(ops.matmul, [s.variable('a', [3, 7]), s.variable('b', [7, 4])], {})),
  ...(
    [
      ['of equal shapes', [2, 5, 3, 4], [2, 5, 3, 4]],
      ['by a gate per channel', [2, 5, 3, 4], [2, 5, 1, 1]],
      ['by a gate per image', [2, 5, 3, 4], [2, 1, 1, 1]],
      ['by a gate per channel of all images', [2, 5, 3, 4], [1, 5, 1, 1]],
      ['of a broadcast left side', [1, 5, 1, 4], [2, 5, 3, 4]],
      ['broadcasting both sides', [2, 1, 3], [4, 1]],
      ['by a scalar', [], [2, 3]],
    ] as readonly [string, Shape, Shape][]
  ).map(([name, a, b]) =>
    one(`multiply ${name}`, (s) => s.graph.apply(ops.multiply, [s.variable('a', a), s.variable('b', b)], {})),
  ),
  one('reshape', (s) => s.graph.apply(ops.reshape, [s.variable('x', [2, 6])], { shape: [3, 1, 4] })),
  ...(
    [
      ['a prefix of both axes', [8, 10], [5, 7]],
      ['a prefix of channels and a centre crop', [12, 1, 7, 7], [9, 1, 3, 3]],
      ['of a vector', [12], [5]],
      ['of everything', [3, 4], [3, 4]],
    ] as readonly [string, Shape, Shape][]
  ).map(([name, full, shape]) =>
    one(`sliceWeight ${name}`, (s) => s.graph.apply(ops.sliceWeight, [s.variable('full', full)], { shape })),
  ),
  lossCase('softCrossEntropy, one mask for all', 1, (s, inputs) => s.graph.apply(ops.softCrossEntropy, inputs, {})),
  lossCase('softCrossEntropy, a mask per image', 4, (s, inputs) => s.graph.apply(ops.softCrossEntropy, inputs, {})),
  lossCase('softCrossEntropy, temperature 3', 1, (s, inputs) =>
    s.graph.apply(ops.softCrossEntropy, inputs, { temperature: 3 }),
  ),
  // Near the teacher, where the ratio of probabilities bends little over the step of a finite difference.
  lossCase(
    'alphaDivergence, one mask for all',
    1,
    (s, inputs) => s.graph.apply(ops.alphaDivergence, inputs, { clip: 1e6 }),
    scaledNormal(0.3),
  ),
  lossCase(
    'alphaDivergence, a mask per image',
    4,
    (s, inputs) => s.graph.apply(ops.alphaDivergence, inputs, { clip: 1e6 }),
    scaledNormal(0.3),
  ),
  {
    // The published gradient of a clipped ratio is not the slope of the loss; TensorFlow.js has it written out too.
    ...lossCase('alphaDivergence, clipped', 1, (s, inputs) =>
      s.graph.apply(ops.alphaDivergence, inputs, { clip: 1.5 }),
    ),
    differences: 'none',
  },
  one('weightedSquaredError', (s) => {
    const inputs = [
      s.variable('prediction', [3, 5]),
      s.constant('target', [3, 5]),
      s.constant('weight', [3, 5], between(0, 1)),
    ];
    return s.graph.apply(ops.weightedSquaredError, inputs, {});
  }),
];

function one(name: string, build: (subject: Subject) => ReturnType<Subject['constant']>): Case {
  return { name, eachAlone: true, build: (subject) => ({ y: build(subject) }) };
}

function activation(kind: ops.ActivationName, shape: Shape, fill: Fill): Case {
  return one(`${kind} of ${shape.join('x')}`, (s) =>
    s.graph.apply(ops.activation, [s.variable('x', shape, fill)], { kind }),
  );
}

function convolutionCases(): Case[] {
  const cases: Case[] = [];
  for (const kernel of [1, 3, 5, 7]) {
    for (const stride of [1, 2]) {
      for (const map of maps) {
        const kind = `${kernel}x${kernel} stride ${stride} on ${map.join('x')}`;
        for (const [into, out] of denseWidths(kernel)) {
          cases.push(
            one(`dense ${kind}, ${into} to ${out} channels`, (s) => {
              const weight = s.variable('weight', [out, into, kernel, kernel], scaledNormal(1 / kernel));
              return s.graph.apply(ops.convolution, [s.variable('x', [batch, into, ...map]), weight], {
                stride,
                groups: 1,
              });
            }),
          );
        }
      }
      for (const map of [...maps, ...largeMaps]) {
        const kind = `${kernel}x${kernel} stride ${stride} on ${map.join('x')}`;
        for (const channels of depthwiseWidths) {
          cases.push(
            one(`depthwise ${kind}, ${channels} channels`, (s) => {
              const inputs = [
                s.variable('x', [batch, channels, ...map]),
                s.variable('weight', [channels, 1, kernel, kernel]),
              ];
              return s.graph.apply(ops.convolution, inputs, { stride, groups: channels });
            }),
          );
        }
      }
    }
  }
  return cases;
}

function batchNormCase(shape: Shape): Case {
  const channels = [shape[1] as number];
  return {
    name: `batchNorm of ${shape.join('x')}`,
    eachAlone: true,
    build(s) {
      const x = s.variable('x', shape, (random) => 0.5 + random.normal());
      const [y, mean, variance] = s.graph.applyAll(
        ops.batchNorm,
        [x, s.variable('scale', channels), s.variable('shift', channels)],
        {},
      );
      return { y, mean, variance } as Record<string, typeof x>;
    },
  };
}

function frozenNormCase(shape: Shape): Case {
  const channels = [shape[1] as number];
  return one(`frozenNorm of ${shape.join('x')}`, (s) => {
    const [x, scale, shift] = [s.variable('x', shape), s.variable('scale', channels), s.variable('shift', channels)];
    const statistics = [s.constant('mean', channels), s.constant('variance', channels, between(0.5, 2))];
    return s.graph.apply(ops.frozenNorm, [x, scale, shift, ...statistics], {});
  });
}

/** Of logits, targets and a mask. Targets are distributions over the classes that take part, as the ops require. */
function lossCase(
  name: string,
  masks: number,
  apply: (subject: Subject, inputs: readonly Value[]) => Value,
  fill: Fill = normal,
): Case {
  const [rows, classes] = [4, 6];
  return one(name, (s) => {
    const logits = s.variable('logits', [rows, classes], fill);
    const kept = (row: number, label: number) => (label + (masks === 1 ? 0 : row)) % 3 !== 0;
    const grid = (fill: (row: number, label: number) => number, count = rows) =>
      Float32Array.from({ length: count * classes }, (_, i) => fill(Math.floor(i / classes), i % classes));
    const raw = grid((row, label) => (kept(row, label) ? s.random.uniform(0.1, 1) : 0));
    const total = (row: number) => raw.slice(row * classes, (row + 1) * classes).reduce((sum, value) => sum + value);
    const targets = s.constant('targets', [rows, classes]);
    s.feed(
      'targets',
      grid((row, label) => (raw[row * classes + label] as number) / total(row)),
    );
    const mask = s.constant('mask', [masks, classes]);
    s.feed(
      'mask',
      grid((row, label) => (kept(row, label) ? 0 : -1e9), masks),
    );
    return apply(s, [logits, targets, mask]);
  });
}
