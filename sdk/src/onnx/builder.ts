import type { Tensor } from '../tensor/index.js';
import { toFloat16 } from './float16.js';
import { type Attributes, GraphBuilder } from './graph-builder.js';
import type { OnnxTensor } from './model.js';

/**
 * Collects nodes and constants into a model. Values are handled by name; equal constants are stored once.
 *
 *     const model = new ModelBuilder('double');
 *     const x = model.input('x', ['batch', 3]);
 *     model.output(model.node('Mul', [x, model.scalar(2)]), ['batch', 3], 'y');
 *     const bytes = model.encode();
 */
export class ModelBuilder extends GraphBuilder {
  readonly #constants = new Map<string, string>();
  #named = 0;

  /** Adds a node with one output and returns that output's name. */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.nodes(opType, inputs, 1, attributes, domain)[0] as string;
  }

  /** Adds a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Attributes = {},
    domain = '',
  ): string[] {
    const names = Array.from({ length: outputs }, () => `${opType}_${this.#named++}`);
    if (!this.domains.has(domain)) this.domains.set(domain, 1);
    this.push(opType, inputs, names, attributes, domain);
    return names;
  }

  /** A constant under a name of its own, such as a weight. */
  initializer(name: string, { shape, data }: Tensor): string {
    return this.tensor({ name, shape, dataType: 'float32', bytes: bytesOf(data) });
  }

  /** The same at half the bytes; the value is float16 and needs a Cast before it meets others. */
  float16Initializer(name: string, { shape, data }: Tensor): string {
    return this.tensor({ name, shape, dataType: 'float16', bytes: bytesOf(toFloat16(data)) });
  }

  constant(shape: readonly number[], data: Float32Array): string {
    const key = data.length <= 64 ? `f[${shape}]${data.join()}` : undefined;
    return this.#shared(key, { shape, dataType: 'float32', bytes: bytesOf(data) });
  }

  scalar(value: number): string {
    return this.constant([], Float32Array.of(value));
  }

  /** int64, as shapes, axes and indices are. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#shared(`i[${shape}]${values.join()}`, { shape, dataType: 'int64', bytes: bytesOf(data) });
  }

  #shared(key: string | undefined, tensor: Omit<OnnxTensor, 'name'>): string {
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known) return known;
    const name = `constant_${this.#named++}`;
    this.tensor({ name, ...tensor });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
