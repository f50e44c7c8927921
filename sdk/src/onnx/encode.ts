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
import { WireWriter } from './wire.js';

/** The bytes of a .onnx file. Field numbers are those of onnx.proto3. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter();
  writer.varint(1, model.irVersion);
  writer.string(2, model.producerName);
  writer.message(7, (graph) => writeGraph(graph, model.graph));
  for (const { domain, version } of model.opsets) {
    writer.message(8, (opset) => {
      opset.string(1, domain);
      opset.varint(2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    writer.message(14, (entry) => {
      entry.string(1, key);
      entry.string(2, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: WireWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) writer.message(1, (w) => writeNode(w, node));
  writer.string(2, graph.name);
  for (const tensor of graph.initializers) writer.message(5, (w) => writeTensor(w, tensor));
  for (const value of graph.inputs) writer.message(11, (w) => writeValue(w, value));
  for (const value of graph.outputs) writer.message(12, (w) => writeValue(w, value));
}

function writeNode(writer: WireWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.name);
  writer.string(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (w) => writeAttribute(w, name, attribute));
  }
  if (node.domain) writer.string(7, node.domain);
}

function writeAttribute(writer: WireWriter, name: string, attribute: OnnxAttribute): void {
  writer.string(1, name);
  switch (attribute.type) {
    case 'float':
      writer.float(2, attribute.value);
      break;
    case 'int':
      writer.varint(3, attribute.value);
      break;
    case 'string':
      writer.string(4, attribute.value);
      break;
    case 'floats':
      for (const value of attribute.value) writer.float(7, value);
      break;
    case 'ints':
      for (const value of attribute.value) writer.varint(8, value);
      break;
    default:
      attribute satisfies never;
  }
  writer.varint(20, attributeTypes[attribute.type]);
}

function writeTensor(writer: WireWriter, tensor: OnnxTensor): void {
  for (const extent of tensor.shape) writer.varint(1, extent);
  writer.varint(2, dataTypes[tensor.dataType]);
  writer.string(8, tensor.name);
  writer.bytes(9, tensor.bytes);
}

function writeValue(writer: WireWriter, value: OnnxValue): void {
  writer.string(1, value.name);
  writer.message(2, (type) =>
    type.message(1, (tensorType) => {
      tensorType.varint(1, dataTypes[value.dataType]);
      tensorType.message(2, (shape) => {
        for (const extent of value.shape) {
          shape.message(1, (dimension) => {
            if (typeof extent === 'number') dimension.varint(1, extent);
            else dimension.string(2, extent);
          });
        }
      });
    }),
  );
}
