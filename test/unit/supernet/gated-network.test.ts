import { Executable, portable, type Results } from '@easel/exporter/engine';
import { buildGatedNetwork, buildNetwork, gatesInput, imageInput, statisticsInputs } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  decisionsOf,
  encodeArchitecture,
  formatArchitecture,
  largestArchitecture,
  optionCount,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { randomImages, randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';
import { plainSpace } from '../../fixtures/tiny-spaces.js';
import { relativeError } from '../engine/numerics.js';

const classes = 5;

describe('buildGatedNetwork', () => {
  for (const space of [plainSpace, tinyMobileNetV3]) {
    it(`computes, in one pass, the subnet of ${space.name} that each image's gates choose`, async () => {
      const { weights, statistics } = randomSupernet(space, classes, new Random(41));
      const random = new Random(42);
      for (const resolution of space.resolutions) {
        const architectures = [
          largestArchitecture(space),
          smallestArchitecture(space),
          ...Array.from({ length: 3 }, () => randomArchitecture(space, random)),
        ].map((architecture): Architecture => ({ ...architecture, resolution }));
        const batch = architectures.length;
        const images = randomImages(batch, resolution, random);
        const gated = buildGatedNetwork(space, resolution, weights, statistics, { batch, classes });
        const decisions = decisionsOf(space);
        const gates = Float32Array.from(
          architectures.flatMap((architecture) => [...encodeArchitecture(decisions, architecture)]),
        );
        expect(gated.gates.shape).to.deep.equal([batch, optionCount(space)]);
        const own = new Map([
          [imageInput, images.data],
          [gatesInput, gates],
        ]);
        const program = { name: 'gated', graph: gated.graph, outputs: { logits: gated.logits } };
        const all = await run(program, (name) => own.get(name) ?? gated.constants.get(name));

        const moments = statisticsInputs(statistics);
        for (const [i, architecture] of architectures.entries()) {
          const { graph, logits } = buildNetwork(space, architecture, { batch, classes, norm: 'frozen' });
          const alone = await run({ name: 'alone', graph, outputs: { logits } }, (name) =>
            name === imageInput ? images.data : (weights.get(name)?.data ?? moments.get(name)),
          );
          const row = (results: Results) => (results.logits as Tensor).data.subarray(i * classes, (i + 1) * classes);
          expect(relativeError(row(all), row(alone)), formatArchitecture(architecture)).to.be.below(1e-4);
        }
      }
    });
  }
});

async function run(
  program: Parameters<typeof Executable.compile>[0],
  get: (name: string) => Float32Array | undefined,
): Promise<Results> {
  const executable = await Executable.compile(program, { lowering: portable, threads: 1 });
  try {
    return await executable.run({ get });
  } finally {
    await executable.dispose();
  }
}
