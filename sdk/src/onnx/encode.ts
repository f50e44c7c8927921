import { elementCount } from '../tensor/index.js';
import {
  attributeTypes,
  dataTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';
import { encodeMessage, Float32, Float32s, type Message } from './wire.js';

/** A tensor whose numbers are written when the file is. */
export interface DeferredTensor extends Omit<OnnxTensor, 'bytes'> {
  readonly write: (target: Float32Array) => void;
}

export interface DeferredModel extends Omit<OnnxModel, 'graph'> {
  readonly graph: Omit<OnnxModel['graph'], 'initializers'> & {
    readonly initializers: readonly (OnnxTensor | DeferredTensor)[];
  };
}

/**
 * The bytes of a .onnx file, possibly a part of a larger buffer. Field numbers are those of onnx.proto3.
 * @param memory where to write, if it is large enough
 */
export function encodeModel(model: DeferredModel, memory?: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const { irVersion, producerName, graph, opsets, metadata } = model;
  const { nodes, name, initializers, inputs, outputs } = graph;
  const fields: Message = [
    ...nodes.map((node) => [1, nodeFields(node)] as const),
    [2, name],
    ...initializers.map((tensor) => [5, tensorFields(tensor)] as const),
    ...inputs.map((value) => [11, valueFields(value)] as const),
    ...outputs.map((value) => [12, valueFields(value)] as const),
  ];
  const room = (tensor: OnnxTensor | DeferredTensor) =>
    100 + ('bytes' in tensor ? tensor.bytes.length : 4 * elementCount(tensor.shape));
  const capacity = initializers.reduce((sum, tensor) => sum + room(tensor), 1000 + 500 * nodes.length);
  return encodeMessage(
    [
      [1, irVersion],
      [2, producerName],
      [7, fields],
      ...opsets.map(({ domain, version }) => [8, pair(domain, version)] as const),
      ...Object.entries(metadata).map(([key, value]) => [14, pair(key, value)] as const),
    ],
    capacity,
    memory,
  );
}

function pair(first: string, second: string | number): Message {
  return [
    [1, first],
    [2, second],
  ];
}

function nodeFields({ inputs, outputs, name, opType, attributes, domain }: OnnxNode): Message {
  return [
    ...inputs.map((input) => [1, input] as const),
    ...outputs.map((output) => [2, output] as const),
    [3, name],
    [4, opType],
    ...Object.entries(attributes).map(([key, attribute]) => [5, attributeFields(key, attribute)] as const),
    ...(domain ? [[7, domain] as const] : []),
  ];
}

function attributeFields(name: string, { type, value }: OnnxAttribute): Message {
  const code = attributeTypes[type];
  const values = [value].flat() as (number | string)[];
  // The field of every kind of value is the next number after its type's.
  const fields = values.map(
    (each) => [code + 1, type.startsWith('float') ? new Float32(each as number) : each] as const,
  );
  return [[1, name], ...fields, [20, code]];
}

function tensorFields(tensor: OnnxTensor | DeferredTensor): Message {
  const { shape, dataType, name } = tensor;
  // 12: the documentation, the only field that means nothing.
  const data = 'bytes' in tensor ? tensor.bytes : new Float32s(elementCount(shape), tensor.write, 12);
  return [...shape.map((extent) => [1, extent] as const), [2, dataTypes[dataType]], [8, name], [9, data]];
}

function valueFields({ name, dataType, shape }: OnnxValue): Message {
  const extents: Message = shape.map((extent) => [1, [[typeof extent === 'number' ? 1 : 2, extent]]]);
  const type: Message = [
    [1, dataTypes[dataType]],
    [2, extents],
  ];
  return [
    [1, name],
    [2, [[1, type]]],
  ];
}
