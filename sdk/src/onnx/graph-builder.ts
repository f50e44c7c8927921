import { type DeferredModel, type DeferredTensor, encodeModel } from './encode.js';
import type { OnnxAttribute, OnnxDataType, OnnxNode, OnnxTensor, OnnxValue } from './model.js';

/** Plain JavaScript values for attributes; `float()` marks a number that must not be stored as an integer. */
export type AttributeValue = number | string | readonly number[] | OnnxAttribute;

export const float = (value: number): OnnxAttribute => ({ type: 'float', value });

/** Collects nodes and weights into a model: what assembling subnets needs, and no more, since every page loads it. */
export class GraphBuilder {
  protected readonly nodesSoFar: OnnxNode[] = [];
  protected readonly initializers: (OnnxTensor | DeferredTensor)[] = [];
  protected readonly domains = new Map<string, number>([['', 17]]);
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly metadata: Record<string, string> = {};

  constructor(readonly name: string) {}

  input(name: string, shape: readonly (number | string)[], dataType: OnnxDataType = 'float32'): string {
    this.#inputs.push({ name, shape, dataType });
    return name;
  }

  /** Makes a value an output of the model, under its own name or a new one. */
  output(value: string, shape: readonly (number | string)[], name = value, dataType: OnnxDataType = 'float32'): string {
    if (name !== value) this.named(name, 'Identity', [value]);
    this.#outputs.push({ name, shape, dataType });
    return name;
  }

  /** Adds a node whose one output bears its name. */
  named(
    name: string,
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    this.push(opType, inputs, [name], attributes);
    return name;
  }

  /** A float32 constant that is written when the model is encoded: into the model's own bytes. */
  weight(name: string, shape: readonly number[], write: (target: Float32Array) => void): string {
    this.initializers.push({ name, shape, dataType: 'float32', write });
    return name;
  }

  /** An int64 vector, such as a shape, under a name of its own. */
  vector(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.initializers.push({ name, shape: [values.length], dataType: 'int64', bytes });
    return name;
  }

  /** @param memory where to write, if it is large enough */
  encode(memory?: ArrayBuffer): Uint8Array<ArrayBuffer> {
    return encodeModel(this.deferred(), memory);
  }

  protected push(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    domain = '',
  ): void {
    this.nodesSoFar.push({
      opType,
      domain,
      name: outputs[0] as string,
      inputs,
      outputs,
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, typed(value)])),
    });
  }

  protected deferred(): DeferredModel {
    return {
      irVersion: 8,
      producerName: 'easel',
      opsets: [...this.domains].map(([domain, version]) => ({ domain, version })),
      graph: {
        name: this.name,
        nodes: this.nodesSoFar,
        initializers: this.initializers,
        inputs: this.#inputs,
        outputs: this.#outputs,
      },
      metadata: this.metadata,
    };
  }
}

function typed(value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') return Number.isInteger(value) ? { type: 'int', value } : float(value);
  if (typeof value === 'string') return { type: 'string', value };
  if ('type' in value) return value;
  return value.every(Number.isInteger) ? { type: 'ints', value } : { type: 'floats', value };
}
