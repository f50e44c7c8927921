import { elementCount } from '../tensor/index.js';
import { dataTypes, type OnnxDataType, type OnnxTensor } from './model.js';
import { encodeMessage, Float32, Float32s, type Message } from './wire.js';

/** Plain JavaScript values for attributes; `float()` marks a number that must not be stored as an integer. */
export type AttributeValue = number | string | readonly number[] | Float32;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export const float = (value: number): Float32 => new Float32(value);

/**
 * Collects nodes and weights into the bytes of a .onnx file: what assembling subnets needs, and no more, since every page
 * loads it. Field numbers are those of onnx.proto3.
 */
export class GraphBuilder {
  protected readonly domains = new Map<string, number>([['', 17]]);
  readonly metadata: Record<string, string> = {};
  readonly #graph: Message[number][];
  /** About how many bytes the graph takes. */
  #size = 1000;

  constructor(readonly name: string) {
    this.#graph = [[2, name]];
  }

  input(name: string, shape: readonly (number | string)[], dataType: OnnxDataType = 'float32'): string {
    this.#graph.push([11, valueFields(name, shape, dataType)]);
    return name;
  }

  /** Makes a value an output of the model, under its own name or a new one. */
  output(value: string, shape: readonly (number | string)[], name = value, dataType: OnnxDataType = 'float32'): string {
    if (name !== value) this.named(name, 'Identity', [value]);
    this.#graph.push([12, valueFields(name, shape, dataType)]);
    return name;
  }

  /** Adds a node whose one output bears its name. */
  named(name: string, opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.push(opType, inputs, [name], attributes);
    return name;
  }

  /** A float32 constant that is written when the model is encoded: into the model's own bytes. */
  weight(name: string, shape: readonly number[], write: (target: Float32Array) => void): string {
    // 12: the documentation, the only field that means nothing.
    return this.#initialize(name, shape, 'float32', new Float32s(elementCount(shape), write, 12));
  }

  /** An int64 vector, such as a shape, under a name of its own. */
  vector(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.tensor({ name, shape: [values.length], dataType: 'int64', bytes });
  }

  /**
   * @param memory where to write, if it is large enough
   * @returns possibly a part of a larger buffer
   */
  encode(memory?: ArrayBuffer): Uint8Array<ArrayBuffer> {
    const pairs = (field: number, entries: Iterable<readonly [string, string | number]>) =>
      Array.from(entries, ([key, value]): Message[number] => [
        field,
        [
          [1, key],
          [2, value],
        ],
      ]);
    const model: Message = [
      // The version of the format, who wrote it, the graph.
      [1, 8],
      [2, 'easel'],
      [7, this.#graph],
      ...pairs(8, this.domains),
      ...pairs(14, Object.entries(this.metadata)),
    ];
    return encodeMessage(model, this.#size, memory);
  }

  protected push(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes,
    domain = '',
  ): void {
    this.#size += 500;
    this.#graph.push([
      1,
      [
        ...inputs.map((input) => [1, input] as const),
        ...outputs.map((output) => [2, output] as const),
        [3, outputs[0] as string],
        [4, opType],
        ...Object.entries(attributes).map(([key, value]) => [5, attributeFields(key, value)] as const),
        ...(domain ? [[7, domain] as const] : []),
      ],
    ]);
  }

  protected tensor({ name, shape, dataType, bytes }: OnnxTensor): string {
    return this.#initialize(name, shape, dataType, bytes);
  }

  #initialize(name: string, shape: readonly number[], dataType: OnnxDataType, data: Uint8Array | Float32s): string {
    this.#size += 100 + (data instanceof Float32s ? 4 * data.count : data.length);
    const extents = shape.map((extent) => [1, extent] as const);
    this.#graph.push([5, [...extents, [2, dataTypes[dataType]], [8, name], [9, data]]]);
    return name;
  }
}

/** Types are 1 float, 2 int, 3 string, 6 floats, 7 ints; the field of every kind of value is the next number. */
function attributeFields(name: string, value: AttributeValue): Message {
  const values = [value].flat() as (number | string | Float32)[];
  const scalar = typeof value === 'string' ? 3 : values.every(Number.isInteger) ? 2 : 1;
  const type = Array.isArray(value) ? scalar + 5 : scalar;
  const fields = values.map(
    (each) => [type + 1, scalar === 1 && typeof each === 'number' ? new Float32(each) : each] as const,
  );
  return [[1, name], ...fields, [20, type]];
}

function valueFields(name: string, shape: readonly (number | string)[], dataType: OnnxDataType): Message {
  const extents: Message = shape.map((extent) => [1, [[typeof extent === 'number' ? 1 : 2, extent]]]);
  const tensorType: Message = [
    [1, dataTypes[dataType]],
    [2, extents],
  ];
  return [
    [1, name],
    [2, [[1, tensorType]]],
  ];
}
