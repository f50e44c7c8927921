import { Executable, portable } from '@easel/exporter/engine';
import { buildNetwork, imageInput, statisticsInputs } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  formatArchitecture,
  largestArchitecture,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { assemble, type Supernet } from '@easel/sdk/subnet';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { runModel } from '../../fixtures/run-model.js';

const classes = [0, 1, 2, 3, 4, 5];
const batch = 2;

/** What training computes with frozen statistics. */
async function trainingLogits(
  { space, weights, statistics }: Supernet,
  architecture: Architecture,
  images: Tensor,
): Promise<Tensor> {
  const { graph, logits } = buildNetwork(space, architecture, { batch, classes: classes.length, norm: 'frozen' });
  const program = { name: 'frozen', graph, outputs: { logits } };
  const executable = await Executable.compile(program, { lowering: portable, threads: 1 });
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

describe('An assembled subnet', () => {
  for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
    const random = new Random(23);
    const supernet = randomSupernet(space, classes.length, random);
    const architectures = [
      smallestArchitecture(space),
      largestArchitecture(space),
      ...Array.from({ length: 4 }, () => randomArchitecture(space, random)),
    ];
    for (const architecture of architectures) {
      it(`computes what the training graph computes: ${space.name} ${formatArchitecture(architecture)}`, async () => {
        const images = randomImages(batch, architecture.resolution, random);
        const { logits } = await runModel(assemble(supernet, architecture, classes, { batch }), { image: images });
        const trained = await trainingLogits(supernet, architecture, images);
        expect(Math.max(...trained.data.map(Math.abs))).to.be.greaterThan(0.1);
        expect(logits?.shape).to.deep.equal(trained.shape);
        (logits as Tensor).data.forEach((value, i) => {
          expect(value).to.be.closeTo(trained.data[i] as number, 1e-4);
        });
      });
    }
  }
});
