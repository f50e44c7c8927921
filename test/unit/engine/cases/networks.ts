import { ops } from '@easel/exporter/engine';
import { buildGatedNetwork, buildNetwork, gatesInput, imageInput, initializeWeights } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { randomSupernet } from '../../../fixtures/random-supernet.js';
import { fancySpace, plainSpace } from '../../../fixtures/tiny-spaces.js';
import { between, type Case, type Fill, normal, type Subject, scaledNormal } from '../case.js';
import { type Norm, norms } from './build.js';

const batch = 2;
const classes = 5;

/** Down to the loss; gradients of all (sliced) parameters. */
const plainCases: readonly Case[] = [plainSpace, fancySpace].flatMap((space) => {
  const random = new Random(2);
  const architectures = [
    largestArchitecture(space),
    smallestArchitecture(space),
    randomArchitecture(space, random),
    randomArchitecture(space, random),
  ];
  return architectures.flatMap((architecture) => norms.map((norm) => networkCase(space, architecture, norm)));
});

/** Every option at once, weighted by the gates of each image; gradients of the gates. */
const gatedCases: readonly Case[] = [plainSpace, fancySpace].map((space) => ({
  name: `${space.name}, gated`,
  margin: 2e-6,
  differences: 'none',
  build(s) {
    const resolution = space.resolutions[0] as number;
    const { weights, statistics } = randomSupernet(space, classes, s.random);
    const { graph, gates, logits, constants } = buildGatedNetwork(space, resolution, weights, statistics, {
      batch,
      classes,
    });
    s.adopt(graph, { gates });
    for (const [name, data] of constants) s.feed(name, data);
    s.constant(imageInput, [batch, 3, resolution, resolution]);
    s.constant(gatesInput, gates.shape, between(0, 1));
    return { logits };
  },
}));

/** Whole networks of the supernet. */
export const networkCases: readonly Case[] = [...plainCases, ...gatedCases];

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
