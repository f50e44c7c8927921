import {
  attributeTypes,
  dataTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';
import { encodeMessage, Float32, type Message } from './wire.js';

/** The bytes of a .onnx file. Field numbers are those of onnx.proto3. */
export function encodeModel({ irVersion, producerName, graph, opsets, metadata }: OnnxModel): Uint8Array<ArrayBuffer> {
  const { nodes, name, initializers, inputs, outputs } = graph;
  const fields: Message = [
    ...nodes.map((node) => [1, nodeFields(node)] as const),
    [2, name],
    ...initializers.map((tensor) => [5, tensorFields(tensor)] as const),
    ...inputs.map((value) => [11, valueFields(value)] as const),
    ...outputs.map((value) => [12, valueFields(value)] as const),
  ];
  const capacity = initializers.reduce((sum, { bytes }) => sum + bytes.length + 100, 1000 + 500 * nodes.length);
  return encodeMessage(
    [
      [1, irVersion],
      [2, producerName],
      [7, fields],
      ...opsets.map(({ domain, version }) => [8, pair(domain, version)] as const),
      ...Object.entries(metadata).map(([key, value]) => [14, pair(key, value)] as const),
    ],
    capacity,
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

function attributeFields(name: string, attribute: OnnxAttribute): Message {
  return [[1, name], ...attributeValues(attribute), [20, attributeTypes[attribute.type]]];
}

function attributeValues(attribute: OnnxAttribute): Message {
  switch (attribute.type) {
    case 'float':
      return [[2, new Float32(attribute.value)]];
    case 'int':
      return [[3, attribute.value]];
    case 'string':
      return [[4, attribute.value]];
    case 'floats':
      return attribute.value.map((value) => [7, new Float32(value)]);
    case 'ints':
      return attribute.value.map((value) => [8, value]);
    default:
      return attribute satisfies never;
  }
}

function tensorFields({ shape, dataType, name, bytes }: OnnxTensor): Message {
  return [...shape.map((extent) => [1, extent] as const), [2, dataTypes[dataType]], [8, name], [9, bytes]];
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
