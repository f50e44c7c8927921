import { Fields, fromFloat16 } from '../onnx/index.js';
import { largestArchitecture, layersOf, parametersOf } from '../space/index.js';
import { type Moments, normalizationsOf, type Supernet } from '../subnet/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { jsonIn } from './json.js';
import type { ManifestEssentials } from './manifest.js';
import type { Entry } from './safetensors.js';

/** A model's inputs and outputs: names, and how many numbers per row of the batch. */
export type Ports = Readonly<Record<'inputs' | 'outputs', readonly (readonly [name: string, width: number])[]>>;

/**
 * The supernet in its files as `export` writes them; undefined if anything is missing, malformed or merely written in another
 * way. `decodeSupernet` has the last word then.
 */
export function supernetIn(
  { space, classes }: ManifestEssentials,
  supernetBytes: Uint8Array,
  statisticsBytes: Uint8Array,
): Supernet | undefined {
  try {
    const initializers = new Map(
      graphOf(supernetBytes)
        .messages(5)
        .map((each) => [each.string(8), each]),
    );
    const weights = layersOf(space, largestArchitecture(space), classes.length)
      .flatMap(parametersOf)
      .map(({ name, shape }) => [name, weightIn(initializers.get(name) as Fields, shape)] as const);
    const numbersOf = safetensorsIn(statisticsBytes);
    const statistics = new Map<string, Map<string, Moments>>();
    for (const { layer, key, channels } of normalizationsOf(space)) {
      const moment = (name: string) => numbersOf(`${layer}/${key}/${name}`, channels);
      const ofLayer = statistics.get(layer) ?? new Map<string, Moments>();
      statistics.set(layer, ofLayer.set(key, { mean: moment('mean'), variance: moment('variance') }));
    }
    return { space, weights: new Map(weights), statistics };
  } catch {
    return undefined;
  }
}

/** Whether a model has exactly these inputs and outputs. */
export function hasPorts(bytes: Uint8Array, expected: Ports): boolean {
  try {
    const graph = graphOf(bytes);
    const fits = (values: Fields[], ports: Ports['inputs']) =>
      values.length === ports.length &&
      values.every((value, i) => {
        const shape = value.messages(2)[0]?.messages(1)[0]?.messages(2)[0]?.messages(1) ?? [];
        const [name, width] = ports[i] as Ports['inputs'][number];
        const [batch, numbers] = shape;
        return value.string(1) === name && shape.length === 2 && !batch?.has(1) && numbers?.integer(1) === width;
      });
    return fits(graph.messages(11), expected.inputs) && fits(graph.messages(12), expected.outputs);
  } catch {
    return false;
  }
}

function graphOf(bytes: Uint8Array): Fields {
  return new Fields(bytes).messages(7)[0] as Fields;
}

/** A tensor with raw data, float32 or float16, as float32. The copy is aligned, and does not keep the file in memory. */
function weightIn(initializer: Fields, shape: readonly number[]): Tensor {
  const { buffer } = new Uint8Array(initializer.bytes(9)[0] as Uint8Array);
  const type = initializer.integer(2);
  const data = type === 10 ? fromFloat16(new Uint16Array(buffer)) : new Float32Array(buffer);
  demand((type === 10 || type === 1) && initializer.integers(1).join() === shape.join());
  return tensor(shape, data);
}

/** See `decodeSafetensors`. */
function safetensorsIn(bytes: Uint8Array): (name: string, count: number) => Tensor {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = jsonIn(bytes.subarray(8, start)) as Readonly<Record<string, Entry>>;
  return (name, count) => {
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = header[name] as Entry;
    demand(dtype === 'F32' && shape.join() === String(count));
    return tensor([count], new Float32Array(new Uint8Array(bytes.subarray(start + begin, start + end)).buffer));
  };
}

function demand(fits: boolean): void {
  if (!fits) throw new Error();
}
