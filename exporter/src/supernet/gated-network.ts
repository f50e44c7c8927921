import {
  type ConvolutionLayer,
  type Decision,
  decisionsOf,
  deepest,
  type Layer,
  layersOf,
  normEpsilon,
  parametersOf,
  type SearchSpace,
  squeezedChannels,
  type Unit,
} from '@easel/sdk/space';
import type { Statistics, Weights } from '@easel/sdk/subnet';
import { Graph, ops, type Value } from '../engine/index.js';
import { imageInput } from './network.js';

/**
 * The whole frozen supernet at one resolution, with a gate for every option of every decision and every image: one-hot
 * gates compute exactly the subnet they choose, and the gradient of a gate says, to first order, what choosing that
 * option would do to the loss, also where it is not chosen (the binary gates of ProxylessNAS, Cai et al. 2019; here
 * kernel sizes, widths and depths share their weights, so that one pass evaluates all of them).
 *
 * For that gradient to exist, a block's channels beyond the chosen width are computed too, with the statistics of the
 * next wider choice, and are masked once, before the projection.
 */
export interface GatedNetwork {
  readonly graph: Graph;
  /** Input `[batch, options]` in the canonical order of decisions. */
  readonly gates: Value;
  /** `[batch, classes]` */
  readonly logits: Value;
  /** What to feed besides images and gates: weights, and norms folded into scales and shifts per option. */
  readonly constants: ReadonlyMap<string, Float32Array>;
}

export const gatesInput = 'gates';

export function buildGatedNetwork(
  space: SearchSpace,
  resolution: number,
  weights: Weights,
  statistics: Statistics,
  options: { readonly batch: number; readonly classes: number },
): GatedNetwork {
  return new GatedNetworkBuilder(space, resolution, weights, statistics, options).build();
}

/** Scale and shift of a norm for each option of a decision: `[options, channels]` each. */
interface NormTable {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

class GatedNetworkBuilder {
  readonly #graph = new Graph();
  readonly #constants = new Map<string, Float32Array>();
  readonly #decisions: readonly Decision[];
  readonly #gates: Value;
  readonly #batch: number;
  readonly #at: string;

  constructor(
    readonly space: SearchSpace,
    readonly resolution: number,
    readonly weights: Weights,
    readonly statistics: Statistics,
    readonly options: { readonly batch: number; readonly classes: number },
  ) {
    this.#decisions = decisionsOf(space);
    const last = this.#decisions.at(-1) as Decision;
    this.#batch = options.batch;
    this.#gates = this.#graph.input(gatesInput, [options.batch, last.offset + last.options.length]);
    this.#at = space.resolutions.length > 1 ? `@${resolution}` : '';
  }

  build(): GatedNetwork {
    const { space, resolution, options } = this;
    const units = space.units.map((unit) =>
      Array.from({ length: deepest(unit) }, () => ({
        kernel: unit.kernels.at(-1) as number,
        expandRatio: unit.expandRatios.at(-1) as number,
      })),
    );
    const layers = layersOf(space, { resolution, units }, options.classes);
    let x = this.#graph.input(imageInput, [this.#batch, 3, resolution, resolution]);
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i] as Layer;
      const block = 'name' in layer ? /^units\.(\d+)\.blocks\.(\d+)\./.exec(layer.name) : null;
      if (block) {
        const prefix = block[0];
        const members = layers.filter((other) => 'name' in other && other.name.startsWith(prefix));
        x = this.#block(x, Number(block[1]), Number(block[2]), members);
        i += members.length - 1;
      } else x = this.#fixed(x, layer);
    }
    return { graph: this.#graph, gates: this.#gates, logits: x, constants: this.#constants };
  }

  /** Layers outside of blocks: stem, head, pool, linear. */
  #fixed(x: Value, layer: Layer): Value {
    switch (layer.kind) {
      case 'convolution': {
        const lastUnit = this.space.units.length - 1;
        const u = this.#convolve(x, layer, layer.kernel);
        if (layer.role === 'stem') return this.#activate(this.#affineOnce(u, layer, layer.statisticsKey), layer);
        // The head's statistics depend on the depth of the last unit.
        const depths = this.#columns((d) => d.kind === 'depth' && d.unit === lastUnit);
        const keys = (this.space.units[lastUnit] as Unit).depths.map((depth) => `d${depth}${this.#at}`);
        const table = this.#normTable(layer, keys, layer.outputChannels);
        return this.#activate(this.#mixedAffine(u, depths, `${layer.name}.mixed`, table, layer.outputChannels), layer);
      }
      case 'pool':
        return this.#graph.apply(ops.globalAveragePool, [x], {});
      case 'linear': {
        const [weight, bias] = parametersOf(layer).map(({ name }) => this.#weight(name));
        return this.#activate(this.#graph.apply(ops.linear, [x, weight, bias] as Value[], {}), layer);
      }
      default:
        throw new Error(`a ${layer.kind} layer outside of a block`);
    }
  }

  #block(input: Value, u: number, b: number, members: readonly Layer[]): Value {
    const unit = this.space.units[u] as Unit;
    const decision = this.#decisions.find((d) => d.kind === 'block' && d.unit === u && d.block === b);
    const choices = decision?.options as readonly { kernel: number; expandRatio: number }[];
    const gates = this.#columns((d) => d === decision);
    const keys = choices.map(({ kernel, expandRatio }) => `k${kernel}e${expandRatio}${this.#at}`);
    let x = input;
    for (const layer of members) {
      if (layer.kind === 'squeeze-excite') {
        x = this.#squeezeExcite(x, layer, gates, choices);
        continue;
      }
      if (layer.kind !== 'convolution') throw new Error(`a ${layer.kind} layer in a block`);
      const channels = layer.outputChannels;
      if (layer.role === 'expand') {
        const table = this.#normTable(layer, keys, channels);
        x = this.#activate(
          this.#mixedAffine(this.#convolve(x, layer, 1), gates, `${layer.name}.mixed`, table, channels),
          layer,
        );
      } else if (layer.role === 'depthwise') {
        x = this.#depthwise(x, layer, unit, gates, choices, keys);
        x = this.#mask(x, gates, `${layer.name}.mask`, choices, channels);
      } else {
        const table = this.#normTable(layer, keys, channels);
        x = this.#mixedAffine(this.#convolve(x, layer, 1), gates, `${layer.name}.mixed`, table, channels);
        if (layer.residual) x = this.#graph.apply(ops.add, [input, this.#depthGated(x, u, b, unit)], {});
      }
    }
    return x;
  }

  /** One convolution per kernel size; each image mixes them by its gates. */
  #depthwise(
    x: Value,
    layer: ConvolutionLayer,
    unit: Unit,
    gates: Value,
    choices: readonly { kernel: number }[],
    keys: readonly string[],
  ): Value {
    const channels = layer.outputChannels;
    const { scale, shift } = this.#normTable(layer, keys, channels);
    const terms = unit.kernels.map((kernel) => {
      const only = (table: Float32Array) =>
        table.map((value, i) => (choices[Math.floor(i / channels)]?.kernel === kernel ? value : 0));
      const table = { scale: only(scale), shift: only(shift) };
      const u = this.#convolve(x, layer, kernel);
      return this.#mixedAffine(u, gates, `${layer.name}.mixed.k${kernel}`, table, channels);
    });
    return this.#activate(
      terms.reduce((sum, term) => this.#graph.apply(ops.add, [sum, term], {})),
      layer,
    );
  }

  #squeezeExcite(
    x: Value,
    layer: Extract<Layer, { kind: 'squeeze-excite' }>,
    gates: Value,
    choices: readonly { kernel: number; expandRatio: number }[],
  ): Value {
    const [reduce, reduceBias, expand, expandBias] = parametersOf(layer).map(({ name }) => this.#weight(name));
    const widest = Math.max(...choices.map(({ expandRatio }) => expandRatio));
    const unitChannels = layer.channels / widest;
    let gate = this.#graph.apply(ops.globalAveragePool, [x], {});
    gate = this.#graph.apply(ops.linear, [gate, reduce, reduceBias] as Value[], {});
    gate = this.#graph.apply(ops.activation, [gate], { kind: 'relu' });
    const kept = choices.flatMap(({ expandRatio }) => {
      const most = squeezedChannels(unitChannels * expandRatio);
      return Array.from({ length: layer.reduced }, (_, c) => (c < most ? 1 : 0));
    });
    const mask = this.#constant(`${layer.name}.mask`, [choices.length, layer.reduced], Float32Array.from(kept));
    gate = this.#graph.apply(ops.multiply, [gate, this.#graph.apply(ops.matmul, [gates, mask], {})], {});
    gate = this.#graph.apply(ops.linear, [gate, expand, expandBias] as Value[], {});
    gate = this.#graph.apply(ops.activation, [gate], { kind: 'hardSigmoid' });
    gate = this.#graph.apply(ops.reshape, [gate], { shape: [this.#batch, layer.channels, 1, 1] });
    return this.#graph.apply(ops.multiply, [x, gate], {});
  }

  #mask(x: Value, gates: Value, name: string, choices: readonly { expandRatio: number }[], channels: number): Value {
    const widest = Math.max(...choices.map(({ expandRatio }) => expandRatio));
    if (choices.every(({ expandRatio }) => expandRatio === widest)) return x;
    const prefixes = choices.flatMap(({ expandRatio }) =>
      Array.from({ length: channels }, (_, c) => (c < (channels / widest) * expandRatio ? 1 : 0)),
    );
    const masks = this.#constant(name, [choices.length, channels], Float32Array.from(prefixes));
    const perImage = this.#graph.apply(ops.matmul, [gates, masks], {});
    const shape = [this.#batch, channels, 1, 1];
    return this.#graph.apply(ops.multiply, [x, this.#graph.apply(ops.reshape, [perImage], { shape })], {});
  }

  /** A block is kept by every depth that reaches beyond it. */
  #depthGated(x: Value, u: number, b: number, unit: Unit): Value {
    if (unit.depths.every((depth) => depth > b)) return x;
    const depths = this.#columns((d) => d.kind === 'depth' && d.unit === u);
    const keeps = this.#constant(
      `units.${u}.blocks.${b}.kept`,
      [unit.depths.length, 1],
      Float32Array.from(unit.depths, (depth) => (depth > b ? 1 : 0)),
    );
    const kept = this.#graph.apply(ops.matmul, [depths, keeps], {});
    const gate = this.#graph.apply(ops.reshape, [kept], { shape: [this.#batch, 1, 1, 1] });
    return this.#graph.apply(ops.multiply, [x, gate], {});
  }

  #convolve(x: Value, layer: ConvolutionLayer, kernel: number): Value {
    const { stride, groups } = layer;
    const weight = this.#weight(`${layer.name}.weight`);
    const shape = [...weight.shape.slice(0, 2), kernel, kernel];
    const sliced =
      shape.join() === weight.shape.join() ? weight : this.#graph.apply(ops.sliceWeight, [weight], { shape });
    return this.#graph.apply(ops.convolution, [x, sliced], { stride, groups });
  }

  /** Each image's scale and shift is its gates' mixture of the options'. */
  #mixedAffine(u: Value, gates: Value, name: string, table: NormTable, channels: number): Value {
    const shape = [gates.shape[1] as number, channels];
    const [scale, shift] = (['scale', 'shift'] as const).map((part) => {
      const constant = this.#constant(`${name}.${part}`, shape, table[part]);
      return this.#graph.apply(ops.matmul, [gates, constant], {});
    });
    return this.#graph.apply(ops.channelAffine, [u, scale, shift] as Value[], {});
  }

  #affineOnce(u: Value, layer: ConvolutionLayer, key: string): Value {
    const channels = [layer.outputChannels];
    const moments = this.statistics.get(layer.name)?.get(key);
    if (!moments) throw new Error(`no statistics of ${layer.name} for ${key}`);
    const inputs = [
      this.#weight(`${layer.name}.norm.scale`),
      this.#weight(`${layer.name}.norm.shift`),
      this.#constant(`${layer.name}.mean`, channels, moments.mean.data),
      this.#constant(`${layer.name}.variance`, channels, moments.variance.data),
    ];
    return this.#graph.apply(ops.frozenNorm, [u, ...inputs], {});
  }

  #normTable(layer: ConvolutionLayer, keys: readonly string[], channels: number): NormTable {
    const gamma = this.weights.get(`${layer.name}.norm.scale`)?.data as Float32Array;
    const beta = this.weights.get(`${layer.name}.norm.shift`)?.data as Float32Array;
    const moments = keys.map((key) => {
      const found = this.statistics.get(layer.name)?.get(key);
      if (!found) throw new Error(`no statistics of ${layer.name} for ${key}`);
      return found;
    });
    const scale = new Float32Array(keys.length * channels);
    const shift = new Float32Array(keys.length * channels);
    keys.forEach((key, o) => {
      for (let c = 0; c < channels; c++) {
        const source = c < (moments[o]?.mean.data.length ?? 0) ? o : nextWider(keys, moments, o, key, c);
        const { mean, variance } = moments[source] as (typeof moments)[number];
        const a = (gamma[c] as number) / Math.sqrt((variance.data[c] as number) + normEpsilon);
        scale[o * channels + c] = a;
        shift[o * channels + c] = (beta[c] as number) - a * (mean.data[c] as number);
      }
    });
    return { scale, shift };
  }

  #activate(x: Value, { activation: kind }: { readonly activation: ConvolutionLayer['activation'] }): Value {
    return kind === 'none' ? x : this.#graph.apply(ops.activation, [x], { kind });
  }

  #columns(wanted: (decision: Decision) => boolean): Value {
    const { offset, options } = this.#decisions.find(wanted) as Decision;
    return this.#graph.apply(ops.columns, [this.#gates], { offset, count: options.length });
  }

  #weight(name: string): Value {
    const weight = this.weights.get(name);
    if (!weight) throw new Error(`no weight ${name}`);
    return this.#constant(name, weight.shape, weight.data);
  }

  #constant(name: string, shape: readonly number[], data: Float32Array): Value {
    this.#constants.set(name, data);
    return this.#graph.input(name, shape);
  }
}

/** Of the options with the same kernel, the narrowest that has the channel. */
function nextWider(
  keys: readonly string[],
  moments: readonly { readonly mean: { readonly data: Float32Array } }[],
  option: number,
  key: string,
  channel: number,
): number {
  const kernel = key.slice(0, key.indexOf('e'));
  const width = (i: number) => (moments[i] as (typeof moments)[number]).mean.data.length;
  const wider = keys
    .map((_, i) => i)
    .filter((i) => i !== option && keys[i]?.startsWith(`${kernel}e`) && width(i) > channel)
    .sort((i, j) => width(i) - width(j));
  if (wider.length === 0) throw new Error(`no choice has channel ${channel} of ${key}`);
  return wider[0] as number;
}
