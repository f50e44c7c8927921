import protobuf from 'protobufjs/minimal.js';
import {
  attributeTypes,
  dataTypes,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';

type Writer = protobuf.Writer;

/** A protobuf tag: the field number and how its value is stored. */
const varint = (field: number) => (field << 3) | 0;
const delimited = (field: number) => (field << 3) | 2;
const fixed32 = (field: number) => (field << 3) | 5;

/** The bytes of a .onnx file. Field numbers are those of onnx.proto3. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(varint(1)).int64(model.irVersion);
  writer.uint32(delimited(2)).string(model.producerName);
  nested(writer, 7, (graph) => writeGraph(graph, model.graph));
  for (const { domain, version } of model.opsets) {
    nested(writer, 8, (opset) => {
      opset.uint32(delimited(1)).string(domain);
      opset.uint32(varint(2)).int64(version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    nested(writer, 14, (entry) => entry.uint32(delimited(1)).string(key).uint32(delimited(2)).string(value));
  }
  const bytes = writer.finish();
  // In Node it is a Buffer, whose slice() shares memory where that of other byte arrays copies.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function nested(writer: Writer, field: number, write: (writer: Writer) => void): void {
  writer.uint32(delimited(field)).fork();
  write(writer);
  writer.ldelim();
}

function writeGraph(writer: Writer, graph: OnnxGraph): void {
  for (const node of graph.nodes) nested(writer, 1, (w) => writeNode(w, node));
  writer.uint32(delimited(2)).string(graph.name);
  for (const tensor of graph.initializers) nested(writer, 5, (w) => writeTensor(w, tensor));
  for (const value of graph.inputs) nested(writer, 11, (w) => writeValue(w, value));
  for (const value of graph.outputs) nested(writer, 12, (w) => writeValue(w, value));
}

function writeNode(writer: Writer, node: OnnxNode): void {
  for (const input of node.inputs) writer.uint32(delimited(1)).string(input);
  for (const output of node.outputs) writer.uint32(delimited(2)).string(output);
  writer.uint32(delimited(3)).string(node.name);
  writer.uint32(delimited(4)).string(node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    nested(writer, 5, (w) => writeAttribute(w, name, attribute));
  }
  if (node.domain) writer.uint32(delimited(7)).string(node.domain);
}

function writeAttribute(writer: Writer, name: string, attribute: OnnxAttribute): void {
  writer.uint32(delimited(1)).string(name);
  switch (attribute.type) {
    case 'float':
      writer.uint32(fixed32(2)).float(attribute.value);
      break;
    case 'int':
      writer.uint32(varint(3)).int64(attribute.value);
      break;
    case 'string':
      writer.uint32(delimited(4)).bytes(new TextEncoder().encode(attribute.value));
      break;
    case 'floats':
      for (const value of attribute.value) writer.uint32(fixed32(7)).float(value);
      break;
    case 'ints':
      for (const value of attribute.value) writer.uint32(varint(8)).int64(value);
      break;
    default:
      attribute satisfies never;
  }
  writer.uint32(varint(20)).int32(attributeTypes[attribute.type]);
}

function writeTensor(writer: Writer, tensor: OnnxTensor): void {
  for (const extent of tensor.shape) writer.uint32(varint(1)).int64(extent);
  writer.uint32(varint(2)).int32(dataTypes[tensor.dataType]);
  writer.uint32(delimited(8)).string(tensor.name);
  writer.uint32(delimited(9)).bytes(tensor.bytes);
}

function writeValue(writer: Writer, value: OnnxValue): void {
  writer.uint32(delimited(1)).string(value.name);
  nested(writer, 2, (type) =>
    nested(type, 1, (tensorType) => {
      tensorType.uint32(varint(1)).int32(dataTypes[value.dataType]);
      nested(tensorType, 2, (shape) => {
        for (const extent of value.shape) {
          nested(shape, 1, (dimension) => {
            if (typeof extent === 'number') dimension.uint32(varint(1)).int64(extent);
            else dimension.uint32(delimited(2)).string(extent);
          });
        }
      });
    }),
  );
}
