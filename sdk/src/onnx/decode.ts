import { OnnxError } from '../errors/index.js';
import {
  dataTypes,
  type OnnxAttribute,
  type OnnxDataType,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';
import { Fields } from './wire.js';

/**
 * Reads the bytes of a .onnx file; fields that Easel has no use for are skipped. Field numbers are those of onnx.proto3.
 * @throws OnnxError if the bytes are truncated or not ONNX, or use what `OnnxModel` has no room for (subgraphs,
 * external data, other element types).
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  try {
    // Tensors are views of what is given; those of a Buffer would be Buffers, which slice() differently.
    return readModel(new Fields(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw new OnnxError(`truncated or not an ONNX model (${(cause as Error).message})`, { cause });
  }
}

function readModel(model: Fields): OnnxModel {
  const graph = model.messages(7).at(-1);
  if (!graph) throw new OnnxError('holds no graph: truncated, or not an ONNX model');
  return {
    irVersion: model.integer(1),
    producerName: model.string(2),
    opsets: model.messages(8).map((opset) => ({ domain: opset.string(1), version: opset.integer(2) })),
    graph: {
      name: graph.string(2),
      nodes: graph.messages(1).map(readNode),
      initializers: graph.messages(5).map(readTensor),
      inputs: graph.messages(11).map(readValue),
      outputs: graph.messages(12).map(readValue),
    },
    metadata: Object.fromEntries(model.messages(14).map((entry) => [entry.string(1), entry.string(2)])),
  };
}

function readNode(node: Fields): OnnxNode {
  return {
    opType: node.string(4),
    domain: node.string(7),
    name: node.string(3),
    inputs: node.strings(1),
    outputs: node.strings(2),
    attributes: Object.fromEntries(node.messages(5).map((each) => [each.string(1), readAttribute(each)])),
  };
}

/** AttributeProto.AttributeType */
const attributeTypes = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

function readAttribute(attribute: Fields): OnnxAttribute {
  const type = attribute.integer(20);
  switch (type) {
    case attributeTypes.float:
      return { type: 'float', value: floatsOf(attribute, 2).at(-1) ?? 0 };
    case attributeTypes.int:
      return { type: 'int', value: attribute.integer(3) };
    case attributeTypes.string:
      return { type: 'string', value: attribute.string(4) };
    case attributeTypes.floats:
      return { type: 'floats', value: floatsOf(attribute, 7) };
    case attributeTypes.ints:
      return { type: 'ints', value: attribute.integers(8) };
    default: {
      const known = Object.keys(attributeTypes).join(', ');
      throw new OnnxError(`attribute "${attribute.string(1)}" has type ${type}; known: ${known}`);
    }
  }
}

function readTensor(tensor: Fields): OnnxTensor {
  const name = tensor.string(8);
  const shape = tensor.integers(1);
  const dataType = dataTypeOf(tensor.integer(2), `tensor "${name}"`);
  if (tensor.integer(14) !== 0) {
    throw new OnnxError(`tensor "${name}" lies in another file; store the model in a single file`);
  }
  const bytes = tensor.bytes(9).at(-1) ?? bytesOfNumbers(dataType, tensor);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (!Number.isSafeInteger(count) || count < 0 || bytes.length !== count * elementBytes[dataType]) {
    throw new OnnxError(
      `tensor "${name}" of shape [${shape.join(', ')}] and type ${dataType} has ${bytes.length} bytes of data`,
    );
  }
  return { name, dataType, shape, bytes };
}

const elementBytes: Readonly<Record<OnnxDataType, number>> = {
  float32: 4,
  uint8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
};

/** The variants without raw_data: int32_data carries every type of 32 bits and fewer (float16 as its bits). */
function bytesOfNumbers(dataType: OnnxDataType, tensor: Fields): Uint8Array {
  const int32s = () => tensor.integers(5);
  switch (dataType) {
    case 'float32':
      return new Uint8Array(Float32Array.from(floatsOf(tensor, 4)).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(tensor.integers(7), BigInt).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(int32s()).buffer);
    case 'float16':
      return new Uint8Array(Uint16Array.from(int32s()).buffer);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(int32s());
    default:
      return dataType satisfies never;
  }
}

function readValue(value: Fields): OnnxValue {
  const name = value.string(1);
  const type = value.messages(2).at(-1)?.messages(1).at(-1);
  const extents = type?.messages(2).at(-1)?.messages(1) ?? [];
  return {
    name,
    dataType: dataTypeOf(type?.integer(1) ?? 0, `value "${name}"`),
    // Neither a number nor a name: any extent.
    shape: extents.map((extent) => (extent.has(1) ? extent.integer(1) : extent.string(2))),
  };
}

function dataTypeOf(value: number, where: string): OnnxDataType {
  for (const [name, number] of Object.entries(dataTypes)) {
    if (number === value) return name as OnnxDataType;
  }
  throw new OnnxError(`${where} has element type ${value}; known: ${Object.keys(dataTypes).join(', ')}`);
}

/** One per field, or packed into one delimited field. */
function floatsOf(message: Fields, field: number): number[] {
  return message.bytes(field).flatMap((bytes) => [...new Float32Array(new Uint8Array(bytes).buffer)]);
}
