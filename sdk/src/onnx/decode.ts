import protobuf from 'protobufjs/minimal.js';
import { OnnxError } from '../errors/index.js';
import {
  attributeTypes,
  dataTypes,
  type OnnxAttribute,
  type OnnxDataType,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxOpset,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';

type Reader = protobuf.Reader;

/**
 * Reads the bytes of a .onnx file; fields that Easel has no use for are skipped. Field numbers are those of onnx.proto3.
 * @throws OnnxError if the bytes are truncated or not ONNX, or use what `OnnxModel` has no room for (subgraphs,
 * external data, other element types).
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  try {
    // The Reader returns parts of what it is given; those of a Buffer would be Buffers, which slice() differently.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return readModel(protobuf.Reader.create(plain));
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw new OnnxError(`truncated or not an ONNX model (${(cause as Error).message})`, { cause });
  }
}

function readModel(reader: Reader): OnnxModel {
  let irVersion = 0;
  let producerName = '';
  let graph: OnnxGraph | undefined;
  const opsets: OnnxOpset[] = [];
  const metadata: Record<string, string> = {};
  readFields(reader, reader.len, {
    1: (r) => {
      irVersion = integer(r);
    },
    2: (r) => {
      producerName = r.string();
    },
    7: (r) => {
      graph = nested(r, readGraph);
    },
    8: (r) => opsets.push(nested(r, readOpset)),
    14: (r) => {
      const { key, value } = nested(r, readEntry);
      metadata[key] = value;
    },
  });
  if (!graph) throw new OnnxError('holds no graph: truncated, or not an ONNX model');
  return { irVersion, producerName, opsets, graph, metadata };
}

function readOpset(reader: Reader, end: number): OnnxOpset {
  let domain = '';
  let version = 0;
  readFields(reader, end, {
    1: (r) => {
      domain = r.string();
    },
    2: (r) => {
      version = integer(r);
    },
  });
  return { domain, version };
}

function readEntry(reader: Reader, end: number): { key: string; value: string } {
  let key = '';
  let value = '';
  readFields(reader, end, {
    1: (r) => {
      key = r.string();
    },
    2: (r) => {
      value = r.string();
    },
  });
  return { key, value };
}

function readGraph(reader: Reader, end: number): OnnxGraph {
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  readFields(reader, end, {
    1: (r) => nodes.push(nested(r, readNode)),
    2: (r) => {
      name = r.string();
    },
    5: (r) => initializers.push(nested(r, readTensor)),
    11: (r) => inputs.push(nested(r, readValue)),
    12: (r) => outputs.push(nested(r, readValue)),
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(reader: Reader, end: number): OnnxNode {
  let name = '';
  let opType = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, OnnxAttribute> = {};
  readFields(reader, end, {
    1: (r) => inputs.push(r.string()),
    2: (r) => outputs.push(r.string()),
    3: (r) => {
      name = r.string();
    },
    4: (r) => {
      opType = r.string();
    },
    5: (r) => {
      const [key, attribute] = nested(r, readAttribute);
      attributes[key] = attribute;
    },
    7: (r) => {
      domain = r.string();
    },
  });
  return { opType, domain, name, inputs, outputs, attributes };
}

function readAttribute(reader: Reader, end: number): [string, OnnxAttribute] {
  let name = '';
  let type = 0;
  let float = 0;
  let int = 0;
  let string = '';
  const floats: number[] = [];
  const ints: number[] = [];
  readFields(reader, end, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => {
      float = r.float();
    },
    3: (r) => {
      int = integer(r);
    },
    4: (r) => {
      string = r.string();
    },
    7: (r, wire) => repeated(r, wire, floats, (value) => value.float()),
    8: (r, wire) => repeated(r, wire, ints, integer),
    20: (r) => {
      type = r.int32();
    },
  });
  switch (type) {
    case attributeTypes.float:
      return [name, { type: 'float', value: float }];
    case attributeTypes.int:
      return [name, { type: 'int', value: int }];
    case attributeTypes.string:
      return [name, { type: 'string', value: string }];
    case attributeTypes.floats:
      return [name, { type: 'floats', value: floats }];
    case attributeTypes.ints:
      return [name, { type: 'ints', value: ints }];
    default:
      throw new OnnxError(`attribute "${name}" has type ${type}; known: ${Object.keys(attributeTypes).join(', ')}`);
  }
}

function readTensor(reader: Reader, end: number): OnnxTensor {
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  let external = false;
  const shape: number[] = [];
  const floats: number[] = [];
  const int32s: number[] = [];
  const int64s: number[] = [];
  readFields(reader, end, {
    1: (r, wire) => repeated(r, wire, shape, integer),
    2: (r) => {
      type = r.int32();
    },
    4: (r, wire) => repeated(r, wire, floats, (value) => value.float()),
    5: (r, wire) => repeated(r, wire, int32s, (value) => value.int32()),
    7: (r, wire) => repeated(r, wire, int64s, integer),
    8: (r) => {
      name = r.string();
    },
    9: (r) => {
      raw = r.bytes();
    },
    14: (r) => {
      external = r.int32() !== 0;
    },
  });
  const dataType = dataTypeOf(type, `tensor "${name}"`);
  if (external) throw new OnnxError(`tensor "${name}" lies in another file; store the model in a single file`);
  const bytes = raw ?? bytesOfNumbers(dataType, { floats, int32s, int64s });
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
function bytesOfNumbers(
  dataType: OnnxDataType,
  { floats, int32s, int64s }: { floats: number[]; int32s: number[]; int64s: number[] },
): Uint8Array {
  switch (dataType) {
    case 'float32':
      return new Uint8Array(Float32Array.from(floats).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(int64s, BigInt).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(int32s).buffer);
    case 'float16':
      return new Uint8Array(Uint16Array.from(int32s).buffer);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(int32s);
    default:
      return dataType satisfies never;
  }
}

function readValue(reader: Reader, end: number): OnnxValue {
  let name = '';
  let type: TensorType | undefined;
  readFields(reader, end, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => {
      type = nested(r, readType);
    },
  });
  const { elementType, shape } = type ?? { elementType: 0, shape: [] };
  return { name, dataType: dataTypeOf(elementType, `value "${name}"`), shape };
}

interface TensorType {
  elementType: number;
  shape: (number | string)[];
}

function readType(reader: Reader, end: number): TensorType {
  const type: TensorType = { elementType: 0, shape: [] };
  const readExtent = (r: Reader, extentEnd: number) => {
    // Neither a value nor a name: any extent.
    let extent: number | string = '';
    readFields(r, extentEnd, {
      1: (e) => {
        extent = integer(e);
      },
      2: (e) => {
        extent = e.string();
      },
    });
    type.shape.push(extent);
  };
  const readTensorType = (r: Reader, tensorEnd: number) =>
    readFields(r, tensorEnd, {
      1: (t) => {
        type.elementType = t.int32();
      },
      2: (t) => nested(t, (s, shapeEnd) => readFields(s, shapeEnd, { 1: (d) => nested(d, readExtent) })),
    });
  readFields(reader, end, { 1: (r) => nested(r, readTensorType) });
  return type;
}

function dataTypeOf(value: number, where: string): OnnxDataType {
  for (const [name, number] of Object.entries(dataTypes)) {
    if (number === value) return name as OnnxDataType;
  }
  throw new OnnxError(`${where} has element type ${value}; known: ${Object.keys(dataTypes).join(', ')}`);
}

type FieldReaders = Readonly<Record<number, (reader: Reader, wireType: number) => unknown>>;

function readFields(reader: Reader, end: number, readers: FieldReaders): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = readers[tag >>> 3];
    if (read) read(reader, tag & 7);
    else reader.skipType(tag & 7);
  }
  if (reader.pos !== end) throw new OnnxError('truncated: a field ends beyond the message that holds it');
}

function nested<T>(reader: Reader, read: (reader: Reader, end: number) => T): T {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new OnnxError('truncated: a message ends beyond the file');
  return read(reader, end);
}

/** Numbers come one per field, or packed into one delimited field (wire type 2). */
function repeated(reader: Reader, wireType: number, target: number[], read: (reader: Reader) => number): void {
  if (wireType !== 2) {
    target.push(read(reader));
    return;
  }
  nested(reader, (r, end) => {
    while (r.pos < end) target.push(read(r));
  });
}

function integer(reader: Reader): number {
  const value = reader.int64();
  return typeof value === 'number' ? value : Number(value.toString());
}
