import { type Attributes, GraphBuilder } from '../onnx/index.js';
import {
  type Architecture,
  assertInSpace,
  type ConvolutionLayer,
  formatArchitecture,
  layersOf,
  normEpsilon,
  type Parameter,
  parametersOf,
} from '../space/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { slicedWeight } from './assemble.js';
import { convolutionAttributes, emitNetwork } from './network.js';
import type { Statistics } from './weights.js';
import { imageInput, type Supernet } from './write-subnet.js';

const outputOf = (layer: string, moment: 'mean' | 'variance') => `${layer}.norm.${moment}`;

/**
 * The subnet up to its head as an ONNX model that normalizes by the batch's own statistics, as training does, and
 * answers these: `LAYER.norm.mean` and `LAYER.norm.variance`, `[1, channels, 1, 1]`, of every convolution. Input `image`
 * [batch, 3, resolution, resolution].
 *
 * @throws SearchSpaceError if the architecture is not of this space; WeightError if weights are missing
 */
export function statisticsModel(supernet: Pick<Supernet, 'space' | 'weights'>, architecture: Architecture): Uint8Array {
  const { space, weights } = supernet;
  assertInSpace(space, architecture);
  const { resolution } = architecture;
  const model = new GraphBuilder(`${space.name} ${formatArchitecture(architecture)} statistics`);
  const image = model.input(imageInput, ['batch', 3, resolution, resolution]);
  const layers = layersOf(space, architecture, 1).filter(
    ({ kind }) => kind === 'convolution' || kind === 'squeeze-excite',
  );
  const constant = ({ name, shape }: Parameter, as = shape) =>
    model.weight(name, as, (target) => target.set(slicedWeight(weights, name, shape).data));
  const epsilon = model.weight('epsilon', [], (target) => target.fill(normEpsilon));
  const mean = (value: string, name: string) =>
    model.named(name, 'ReduceMean', [value], { axes: [0, 2, 3], keepdims: 1 });
  emitNetwork(model, layers, image, {
    convolution(layer, input, output) {
      const { name, outputChannels: channels } = layer;
      const perChannel = [1, channels, 1, 1];
      const [weight, scale, shift] = parametersOf(layer) as [Parameter, Parameter, Parameter];
      const value = (part: string, opType: string, inputs: readonly string[], attributes?: Attributes) =>
        model.named(`${name}.${part}`, opType, inputs, attributes);
      const convolved = value('convolved', 'Conv', [input, constant(weight)], convolutionAttributes(layer));
      const average = mean(convolved, outputOf(name, 'mean'));
      const centred = value('centred', 'Sub', [convolved, average]);
      const variance = mean(value('squared', 'Mul', [centred, centred]), outputOf(name, 'variance'));
      for (const moment of [average, variance]) model.output(moment, perChannel);
      const deviation = value('deviation', 'Sqrt', [value('denominator', 'Add', [variance, epsilon])]);
      const standardized = value('standardized', 'Div', [centred, deviation]);
      const scaled = value('scaled', 'Mul', [standardized, constant(scale, perChannel)]);
      return model.named(output, 'Add', [scaled, constant(shift, perChannel)]);
    },
    parameter: (name, shape) => constant({ name, shape }),
  });
  return model.encode();
}

/** What the model of `statisticsModel` answered for this architecture, as statistics that fit it alone. */
export function measuredStatistics(
  { space }: Pick<Supernet, 'space'>,
  architecture: Architecture,
  outputs: Readonly<Record<string, Tensor>>,
): Statistics {
  const convolutions = layersOf(space, architecture, 1).filter(
    (layer): layer is ConvolutionLayer => layer.kind === 'convolution',
  );
  const moment = (layer: string, which: 'mean' | 'variance') => {
    const { data } = outputs[outputOf(layer, which)] as Tensor;
    return tensor([data.length], data);
  };
  return new Map(
    convolutions.map(({ name, statisticsKey }) => [
      name,
      new Map([[statisticsKey, { mean: moment(name, 'mean'), variance: moment(name, 'variance') }]]),
    ]),
  );
}
