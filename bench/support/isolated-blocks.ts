import { ModelBuilder } from '@easel/sdk/onnx';
import { type LatencyMeter, quantileOf, type Subject } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import {
  type BlockChoice,
  blockOptions,
  type CostTable,
  deepest,
  type Layer,
  layersOf,
  type SearchSpace,
  smallestArchitecture,
} from '@easel/sdk/space';
import { convolutionAttributes, emitNetwork, imageInput, logitsOutput } from '@easel/sdk/subnet';
import { elementCount, tensor } from '@easel/sdk/tensor';

/** To each block, as a table fitted to whole subnets gives them to each subnet. */
const visits = 5;

/**
 * The usual latency table: every block timed by itself, as a model of its own. The base is the stem and the head, timed as
 * two more models.
 */
export async function isolatedBlocksTable(
  space: SearchSpace,
  classes: number,
  meter: LatencyMeter,
): Promise<CostTable> {
  const timed = async (layers: readonly Layer[]) => {
    const medians: number[] = [];
    for (let i = 0; i < visits; i++) medians.push(quantileOf(await meter.time(subjectOf(layers)), 0.5));
    return quantileOf(medians, 0.5);
  };
  const base: number[] = [];
  const blocks: number[][][] = [];
  for (const resolution of space.resolutions) {
    const smallest = { ...smallestArchitecture(space), resolution };
    const all = layersOf(space, smallest, classes);
    const head = all.findIndex((layer) => 'name' in layer && layer.name === 'head');
    base.push((await timed(all.slice(0, 1))) + (await timed(all.slice(head))));
    const ofResolution: number[][] = [];
    for (const [u, unit] of space.units.entries()) {
      const places = Math.min(2, deepest(unit));
      const costs: number[][] = [];
      for (let block = 0; block < places; block++) {
        const ofBlock: number[] = [];
        for (const option of blockOptions(unit)) {
          const chosen: BlockChoice[] = Array.from({ length: places }, () => option);
          const units = smallest.units.map((blocksOfUnit, i) => (i === u ? chosen : blocksOfUnit));
          const layers = layersOf(space, { resolution, units }, classes);
          const prefix = `units.${u}.blocks.${block}.`;
          ofBlock.push(await timed(layers.filter((layer) => 'name' in layer && layer.name.startsWith(prefix))));
        }
        costs.push(ofBlock);
      }
      // Later blocks share a shape.
      for (let block = 0; block < deepest(unit); block++) ofResolution.push(costs[Math.min(block, 1)] as number[]);
    }
    blocks.push(ofResolution);
  }
  return { metric: 'latencyMs', base, blocks };
}

/** The layers as a model, with random weights: latency does not depend on them. */
function subjectOf(layers: readonly Layer[]): Subject {
  const first = layers[0] as Extract<Layer, { kind: 'convolution' }>;
  const last = layers.at(-1) as Extract<Layer, { kind: 'convolution' | 'linear' }>;
  const random = new Random(1);
  const draw = (shape: readonly number[]) =>
    tensor(
      shape,
      Float32Array.from({ length: elementCount(shape) }, () => 0.1 * random.normal()),
    );
  const model = new ModelBuilder('block');
  const input = model.input(imageInput, [1, first.inputChannels, first.inputSize, first.inputSize]);
  const output = emitNetwork(model, layers, input, {
    convolution(layer, x, name) {
      const { outputChannels, inputChannels, groups, kernel } = layer;
      const weight = draw([outputChannels, inputChannels / groups, kernel, kernel]);
      const bias = draw([outputChannels]);
      const inputs = [
        x,
        model.initializer(`${layer.name}.weight`, weight),
        model.initializer(`${layer.name}.bias`, bias),
      ];
      return model.named(name, 'Conv', inputs, convolutionAttributes(layer));
    },
    parameter: (name, shape) => model.initializer(name, draw(shape)),
  });
  const shape =
    last.kind === 'linear' ? [1, last.outputFeatures] : [1, last.outputChannels, last.outputSize, last.outputSize];
  model.output(output, shape, logitsOutput);
  return { model: model.encode(), resolution: first.inputSize, channels: first.inputChannels };
}
