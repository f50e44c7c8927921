import type { Tensor } from '../tensor/index.js';
import { encodeModel } from './encode.js';
import { toFloat16 } from './float16.js';
import type { OnnxAttribute, OnnxDataType, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model.js';

/** Plain JavaScript values for attributes; `float()` marks a number that must not be stored as an integer. */
export type AttributeValue = number | string | readonly number[] | OnnxAttribute;

export const float = (value: number): OnnxAttribute => ({ type: 'float', value });

/**
 * Collects nodes and constants into a model. Values are handled by name; equal constants are stored once.
 *
 *     const model = new ModelBuilder('double');
 *     const x = model.input('x', ['batch', 3]);
 *     model.output(model.node('Mul', [x, model.scalar(2)]), ['batch', 3], 'y');
 *     const bytes = model.encode();
 */
export class ModelBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #constants = new Map<string, string>();
  readonly #domains = new Map<string, number>([['', 17]]);
  readonly metadata: Record<string, string> = {};
  #named = 0;

  constructor(readonly name: string) {}

  input(name: string, shape: readonly (number | string)[], dataType: OnnxDataType = 'float32'): string {
    this.#inputs.push({ name, shape, dataType });
    return name;
  }

  /** Makes a value an output of the model, under its own name or a new one. */
  output(value: string, shape: readonly (number | string)[], name = value, dataType: OnnxDataType = 'float32'): string {
    if (name !== value) this.#push('Identity', [value], [name], {}, '');
    this.#outputs.push({ name, shape, dataType });
    return name;
  }

  /** Adds a node with one output and returns that output's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = '',
  ): string {
    const output = `${opType}_${this.#named++}`;
    this.#push(opType, inputs, [output], attributes, domain);
    return output;
  }

  /** Adds a node whose one output bears its name. */
  named(
    name: string,
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    this.#push(opType, inputs, [name], attributes, '');
    return name;
  }

  /** Adds a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = '',
  ): string[] {
    const names = Array.from({ length: outputs }, () => `${opType}_${this.#named++}`);
    this.#push(opType, inputs, names, attributes, domain);
    return names;
  }

  #push(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    domain: string,
  ): void {
    if (!this.#domains.has(domain)) this.#domains.set(domain, 1);
    this.#nodes.push({
      opType,
      domain,
      name: outputs[0] as string,
      inputs,
      outputs,
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, typed(value)])),
    });
  }

  /** A constant under a name of its own, such as a weight. */
  initializer(name: string, { shape, data }: Tensor): string {
    this.#initializers.push({ name, shape, dataType: 'float32', bytes: bytesOf(data) });
    return name;
  }

  /** The same at half the bytes; the value is float16 and needs a Cast before it meets others. */
  float16Initializer(name: string, { shape, data }: Tensor): string {
    this.#initializers.push({ name, shape, dataType: 'float16', bytes: bytesOf(toFloat16(data)) });
    return name;
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
    this.#initializers.push({ name, ...tensor });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  model(): OnnxModel {
    return {
      irVersion: 8,
      producerName: 'easel',
      opsets: [...this.#domains].map(([domain, version]) => ({ domain, version })),
      graph: {
        name: this.name,
        nodes: this.#nodes,
        initializers: this.#initializers,
        inputs: this.#inputs,
        outputs: this.#outputs,
      },
      metadata: this.metadata,
    };
  }

  encode(): Uint8Array {
    return encodeModel(this.model());
  }
}

function typed(value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') return Number.isInteger(value) ? { type: 'int', value } : { type: 'float', value };
  if (typeof value === 'string') return { type: 'string', value };
  if ('type' in value) return value;
  return value.every(Number.isInteger) ? { type: 'ints', value } : { type: 'floats', value };
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
