import { Executable, gradientName, type Lowering, ops, portable, selectLowering } from '@easel/exporter/engine';
import { gateRow } from '@easel/exporter/generator';
import { buildGatedNetwork, buildNetwork, gatesInput, imageInput, statisticsInput } from '@easel/exporter/supernet';
import { Random } from '@easel/sdk/random';
import {
  type Architecture,
  decisionsOf,
  formatArchitecture,
  largestArchitecture,
  optionCount,
  presetSpace,
  randomArchitecture,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import type { Statistics, Weights } from '@easel/sdk/subnet';
import { expect } from 'chai';
import { randomSupernet, tinyMobileNetV3 } from '../../fixtures/random-supernet.js';

const batch = 2;
const classes = 4;

describe('gated supernet', () => {
  for (const space of [presetSpace('tiny-32'), tinyMobileNetV3]) {
    const random = new Random(1);
    const { weights, statistics } = randomSupernet(space, classes, random);
    const decisions = decisionsOf(space);
    const architectures = [
      largestArchitecture(space),
      smallestArchitecture(space),
      randomArchitecture(space, random),
      randomArchitecture(space, random),
    ];

    for (const architecture of architectures) {
      it(`computes the subnet that one-hot gates choose: ${space.name} ${formatArchitecture(architecture)}`, async () => {
        const image = randomImages(architecture.resolution, random);
        const expected = await subnetLogits(space, architecture, weights, statistics, image);
        for (const lowering of [portable, (await selectLowering()).lowering]) {
          const utilities = Float32Array.from({ length: optionCount(space) }, () => random.normal());
          const gates = repeated(gateRow(decisions, architecture, utilities));
          const { logits } = await runGated(
            space,
            architecture.resolution,
            weights,
            statistics,
            image,
            gates,
            lowering,
          );
          expectClose(logits, expected, 1e-4);
        }
      });
    }

    // Against TensorFlow.js, to 1e-4, they are checked in the conformance suite (test/unit/engine/cases/networks.ts).
    it(`has the same gradients of gates under every lowering: ${space.name}`, async () => {
      const architecture = largestArchitecture(space);
      const image = randomImages(architecture.resolution, random);
      const gates = repeated(gateRow(decisions, architecture, new Float32Array(optionCount(space)))).map(
        (gate) => 0.02 + 0.9 * gate,
      );
      const run = (lowering: Lowering) =>
        runGated(space, architecture.resolution, weights, statistics, image, gates, lowering);
      const { gradient } = await run(portable);
      expect(gradient.some((value) => value !== 0)).to.equal(true);
      expectClose((await run((await selectLowering()).lowering)).gradient, gradient, 1e-3);
    });
  }
});

function randomImages(resolution: number, random: Random): Float32Array {
  return Float32Array.from({ length: batch * 3 * resolution ** 2 }, () => random.normal());
}

function repeated(row: Float32Array): Float32Array {
  return Float32Array.from([...row, ...row]);
}

async function subnetLogits(
  space: SearchSpace,
  architecture: Architecture,
  weights: Weights,
  statistics: Statistics,
  image: Float32Array,
): Promise<Float32Array> {
  const network = buildNetwork(space, architecture, { batch, classes, norm: 'frozen' });
  const program = { name: 'subnet', graph: network.graph, outputs: { logits: network.logits } };
  const executable = await Executable.compile(program, { lowering: portable, threads: 1 });
  const feeds = new Map([...weights].map(([name, { data }]) => [name, data]));
  for (const [layer, keys] of statistics) {
    for (const [key, { mean, variance }] of keys) {
      feeds.set(statisticsInput(layer, key, 'mean'), mean.data);
      feeds.set(statisticsInput(layer, key, 'variance'), variance.data);
    }
  }
  const { logits } = await executable.run(feeds.set(imageInput, image));
  await executable.dispose();
  return logits?.data as Float32Array;
}

async function runGated(
  space: SearchSpace,
  resolution: number,
  weights: Weights,
  statistics: Statistics,
  image: Float32Array,
  gates: Float32Array,
  lowering: Lowering,
): Promise<{ logits: Float32Array; gradient: Float32Array; loss: number }> {
  const network = buildGatedNetwork(space, resolution, weights, statistics, { batch, classes });
  const { graph } = network;
  const inputs = [network.logits, graph.input('targets', [batch, classes]), graph.input('mask', [batch, classes])];
  const loss = graph.apply(ops.softCrossEntropy, inputs, {});
  const outputs = { logits: network.logits, loss };
  const program = { name: 'gated', graph, outputs, loss, gradients: { [gatesInput]: network.gates } };
  const executable = await Executable.compile(program, { lowering, threads: 1 });
  const targets = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) targets[i * classes + i] = 1;
  const feeds = new Map(network.constants);
  feeds.set(imageInput, image).set(gatesInput, gates).set('targets', targets);
  const results = await executable.run(feeds.set('mask', new Float32Array(batch * classes)));
  await executable.dispose();
  return {
    logits: results.logits?.data as Float32Array,
    gradient: results[gradientName(gatesInput)]?.data as Float32Array,
    loss: results.loss?.data[0] as number,
  };
}

/** Norm of the difference relative to the norm. */
function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const difference = actual.map((value, i) => value - (expected[i] as number));
  expect(norm(difference) / norm(expected)).to.be.lessThan(tolerance);
}
