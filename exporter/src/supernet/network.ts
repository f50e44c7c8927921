import {
  type Architecture,
  type ConvolutionLayer,
  type Layer,
  largestArchitecture,
  layersOf,
  parametersOf,
  type SearchSpace,
} from '@easel/sdk/space';
import { Graph, ops, type Shape, type Value } from '../engine/index.js';

export interface NetworkOptions {
  readonly batch: number;
  readonly classes: number;
  /** `batch`: normalize by the batch's own statistics; `frozen`: by given ones, which become inputs of the graph. */
  readonly norm: 'batch' | 'frozen';
}

/** One architecture as a graph over the supernet's whole weights, which are sliced inside. */
export interface Network {
  readonly graph: Graph;
  /** `[batch, classes]` */
  readonly logits: Value;
  /** The sliced weights by name: what gradients are taken of. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** The batch's statistics per convolution; empty when frozen. */
  readonly statistics: readonly LayerStatistics[];
}

export interface LayerStatistics {
  readonly layer: string;
  readonly key: string;
  readonly mean: Value;
  readonly variance: Value;
}

export const imageInput = 'image';
export const statisticsInput = (layer: string, key: string, moment: 'mean' | 'variance') =>
  `${layer}.statistics.${key}.${moment}`;

/** Every weight of the supernet and its full shape. */
export function supernetShapes(space: SearchSpace, classes: number): ReadonlyMap<string, Shape> {
  const layers = layersOf(space, largestArchitecture(space), classes);
  return new Map(layers.flatMap(parametersOf).map(({ name, shape }) => [name, shape]));
}

export function buildNetwork(space: SearchSpace, architecture: Architecture, options: NetworkOptions): Network {
  const { batch, classes, norm } = options;
  const graph = new Graph();
  const full = supernetShapes(space, classes);
  const parameters: Record<string, Value> = {};
  const statistics: LayerStatistics[] = [];
  const parameter = (name: string, shape: Shape): Value => {
    const whole = graph.input(name, full.get(name) as Shape);
    const value = whole.shape.join() === shape.join() ? whole : graph.apply(ops.sliceWeight, [whole], { shape });
    parameters[name] = value;
    return value;
  };
  const activate = (x: Value, kind: ConvolutionLayer['activation']) =>
    kind === 'none' ? x : graph.apply(ops.activation, [x], { kind });

  const convolve = (x: Value, layer: ConvolutionLayer, blockInput: Value): Value => {
    const [weight, scale, shift] = parametersOf(layer).map(({ name, shape }) => parameter(name, shape));
    const { stride, groups, statisticsKey: key } = layer;
    let y = graph.apply(ops.convolution, [x, weight as Value], { stride, groups });
    if (norm === 'frozen') {
      const [mean, variance] = (['mean', 'variance'] as const).map((moment) =>
        graph.input(statisticsInput(layer.name, key, moment), [layer.outputChannels]),
      );
      y = graph.apply(ops.frozenNorm, [y, scale, shift, mean, variance] as Value[], {});
    } else {
      const [normalized, mean, variance] = graph.applyAll(ops.batchNorm, [y, scale, shift] as Value[], {});
      statistics.push({ layer: layer.name, key, mean: mean as Value, variance: variance as Value });
      y = normalized as Value;
    }
    y = activate(y, layer.activation);
    return layer.residual ? graph.apply(ops.add, [y, blockInput], {}) : y;
  };

  const squeezeExcite = (x: Value, layer: Extract<Layer, { kind: 'squeeze-excite' }>): Value => {
    const [reduce, reduceBias, expand, expandBias] = parametersOf(layer).map((p) => parameter(p.name, p.shape));
    let gate = graph.apply(ops.globalAveragePool, [x], {});
    gate = graph.apply(ops.linear, [gate, reduce, reduceBias] as Value[], {});
    gate = graph.apply(ops.activation, [gate], { kind: 'relu' });
    gate = graph.apply(ops.linear, [gate, expand, expandBias] as Value[], {});
    gate = graph.apply(ops.activation, [gate], { kind: 'hardSigmoid' });
    gate = graph.apply(ops.reshape, [gate], { shape: [batch, layer.channels, 1, 1] });
    return graph.apply(ops.multiply, [x, gate], {});
  };

  const { resolution } = architecture;
  let x = graph.input(imageInput, [batch, 3, resolution, resolution]);
  let blockInput = x;
  for (const layer of layersOf(space, architecture, classes)) {
    switch (layer.kind) {
      case 'convolution':
        x = convolve(x, layer, blockInput);
        if (layer.role === 'stem' || layer.role === 'project') blockInput = x;
        break;
      case 'squeeze-excite':
        x = squeezeExcite(x, layer);
        break;
      case 'pool':
        x = graph.apply(ops.globalAveragePool, [x], {});
        break;
      case 'linear': {
        const [weight, bias] = parametersOf(layer).map(({ name, shape }) => parameter(name, shape));
        x = activate(graph.apply(ops.linear, [x, weight, bias] as Value[], {}), layer.activation);
        break;
      }
      default:
        layer satisfies never;
    }
  }
  return { graph, logits: x, parameters, statistics };
}
