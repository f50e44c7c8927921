import { Executable, portable } from '@easel/exporter/engine';
import { buildNetwork, imageInput, statisticsInput, statisticsInputs, supernetShapes } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  type ConvolutionLayer,
  formatArchitecture,
  largestArchitecture,
  layersOf,
  parametersOf,
  presetSpace,
  presets,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { assemble, logitsOutput, type Supernet } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { runModel } from '../../fixtures/run-model.js';
import { relativeError } from '../engine/numerics.js';

const classes = 7;

function someArchitectures(space: SearchSpace, randoms: number, seed: number): Architecture[] {
  const random = new Random(seed);
  return [
    largestArchitecture(space),
    smallestArchitecture(space),
    ...Array.from({ length: randoms }, () => randomArchitecture(space, random)),
  ];
}

const isConvolution = (layer: { kind: string }): layer is ConvolutionLayer => layer.kind === 'convolution';

describe('buildNetwork', () => {
  for (const space of [...presets, tinyMobileNetV3]) {
    describe(space.name, () => {
      const full = supernetShapes(space, classes);

      for (const architecture of someArchitectures(space, 4, 5)) {
        it(`${formatArchitecture(architecture)} has the parameters and statistics that its layers have`, () => {
          const layers = layersOf(space, architecture, classes);
          const expected = layers.flatMap(parametersOf);
          for (const norm of ['batch', 'frozen'] as const) {
            const network = buildNetwork(space, architecture, { batch: 2, classes, norm });
            expect(network.logits.shape).to.deep.equal([2, classes]);
            const parameters = Object.entries(network.parameters).map(([name, { shape }]) => ({ name, shape }));
            expect(parameters).to.deep.equal(expected);

            const moments = layers
              .filter(isConvolution)
              .flatMap(({ name, statisticsKey, outputChannels }) =>
                (['mean', 'variance'] as const).map((moment) => ({ name, statisticsKey, moment, outputChannels })),
              );
            const wanted = new Map<string, readonly number[]>(expected.map(({ name }) => [name, full.get(name) ?? []]));
            wanted.set(imageInput, [2, 3, architecture.resolution, architecture.resolution]);
            if (norm === 'frozen') {
              for (const { name, statisticsKey, moment, outputChannels } of moments) {
                wanted.set(statisticsInput(name, statisticsKey, moment), [outputChannels]);
              }
              expect(network.statistics).to.deep.equal([]);
            } else {
              const found = network.statistics.flatMap(({ layer, key, mean, variance }) => [
                { name: layer, statisticsKey: key, moment: 'mean', outputChannels: mean.shape[0] },
                { name: layer, statisticsKey: key, moment: 'variance', outputChannels: variance.shape[0] },
              ]);
              expect(found).to.deep.equal(moments);
            }
            const inputs = new Map([...network.graph.inputs].map(([name, { shape }]) => [name, shape]));
            expect(inputs).to.deep.equal(wanted);
          }
        });
      }
    });
  }

  describe('against the assembled subnet', () => {
    for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
      const supernet = randomSupernet(space, classes, new Random(21));
      for (const architecture of someArchitectures(space, 4, 6)) {
        it(`${space.name} ${formatArchitecture(architecture)} gives the same logits with frozen statistics`, async () => {
          const images = randomImages(3, architecture.resolution, new Random(31));
          const expected = await frozenLogits(supernet, architecture, images);
          const all = Array.from({ length: classes }, (_, i) => i);
          const model = assemble(supernet, architecture, all, { batch: 3 });
          const actual = (await runModel(model, { [imageInput]: images }))[logitsOutput] as Tensor;
          expect(actual.shape).to.deep.equal(expected.shape);
          expect(relativeError(actual.data, expected.data)).to.be.below(1e-4);
          const largest = Math.max(...expected.data.map(Math.abs));
          expected.data.forEach((logit, i) => {
            expect(actual.data[i], `logit ${i}`).to.be.closeTo(logit, 1e-4 * largest);
          });
        });
      }
    }
  });
});

async function frozenLogits(supernet: Supernet, architecture: Architecture, images: Tensor): Promise<Tensor> {
  const { space, weights, statistics } = supernet;
  const batch = images.shape[0] as number;
  const { graph, logits } = buildNetwork(space, architecture, { batch, classes, norm: 'frozen' });
  const executable = await Executable.compile(
    { name: 'frozen', graph, outputs: { logits } },
    { lowering: portable, threads: 1 },
  );
  try {
    const moments = statisticsInputs(statistics);
    const results = await executable.run({
      get: (name) => (name === imageInput ? images.data : (weights.get(name)?.data ?? moments.get(name))),
    });
    return results.logits as Tensor;
  } finally {
    await executable.dispose();
  }
}
