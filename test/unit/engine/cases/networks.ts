import { ops } from '@easel/exporter/engine';
import { buildNetwork, imageInput, initializeWeights } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { fancySpace, plainSpace } from '../../../fixtures/tiny-spaces.js';
import { between, type Case, type Fill, normal, type Subject, scaledNormal } from '../case.js';
import { type Norm, norms } from './build.js';

const batch = 2;
const classes = 5;

/** Whole networks of the supernet, down to the loss; gradients of all (sliced) parameters. */
export const networkCases: readonly Case[] = [plainSpace, fancySpace].flatMap((space) => {
  const random = new Random(2);
  const architectures = [
    largestArchitecture(space),
    smallestArchitecture(space),
    randomArchitecture(space, random),
    randomArchitecture(space, random),
  ];
  return architectures.flatMap((architecture) => norms.map((norm) => networkCase(space, architecture, norm)));
});

function networkCase(space: SearchSpace, architecture: Architecture, norm: Norm): Case {
  return {
    name: `${space.name} ${formatArchitecture(architecture)}, ${norm} norm`,
    margin: 2e-6,
    differences: 'none',
    floor: 0.03,
    build(s) {
      const { graph, logits, parameters, statistics } = buildNetwork(space, architecture, { batch, classes, norm });
      s.adopt(graph, parameters);
      feedWeights(s, space);
      const targets = s.constant('targets', [batch, classes]);
      const rows = Array.from({ length: batch }, (_, i) => Array.from({ length: classes }, (_, k) => Number(k === i)));
      s.feed('targets', Float32Array.from(rows.flat()));
      const loss = graph.apply(ops.softCrossEntropy, [logits, targets, s.constant('mask', [1, classes], () => 0)], {});
      const moments = statistics.flatMap(({ layer, mean, variance }) => [
        [`mean of ${layer}`, mean],
        [`variance of ${layer}`, variance],
      ]);
      return { loss, logits, ...Object.fromEntries(moments) };
    },
  };
}

function feedWeights(s: Subject, space: SearchSpace): void {
  const weights = initializeWeights(space, classes, s.random);
  for (const [name, { shape }] of s.graph.inputs) {
    const fill = fillOf(name);
    if (fill) s.constant(name, shape, fill);
    else s.feed(name, weights.get(name)?.data as Float32Array);
  }
}

/** Norms other than the identity, so that residual blocks do something; biases other than zero. */
function fillOf(name: string): Fill | undefined {
  if (name === imageInput) return normal;
  if (name.endsWith('.norm.scale')) return between(0.7, 1.3);
  if (name.endsWith('.norm.shift') || name.endsWith('.bias') || name.endsWith('.mean')) return scaledNormal(0.3);
  if (name.endsWith('.variance')) return between(0.7, 2);
  return undefined;
}
