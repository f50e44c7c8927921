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
import { WireReader, wireTypes } from './wire.js';

/**
 * Reads the bytes of a .onnx file; fields that Easel has no use for are skipped. Field numbers are those of onnx.proto3.
 * @throws OnnxError if the bytes are truncated or not ONNX, or use what `OnnxModel` has no room for (subgraphs,
 * external data, other element types).
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  try {
    // Tensors are views of what is given; those of a Buffer would be Buffers, which slice() differently.
    return readModel(new WireReader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw new OnnxError(`truncated or not an ONNX model (${(cause as Error).message})`, { cause });
  }
}

function readModel(reader: WireReader): OnnxModel {
  let irVersion = 0;
  let producerName = '';
  let graph: OnnxGraph | undefined;
  const opsets: OnnxOpset[] = [];
  const metadata: Record<string, string> = {};
  readFields(reader, {
    1: (r) => {
      irVersion = r.varint();
    },
    2: (r) => {
      producerName = r.string();
    },
    7: (r) => {
      graph = readGraph(r.message());
    },
    8: (r) => opsets.push(readOpset(r.message())),
    14: (r) => {
      const { key, value } = readEntry(r.message());
      metadata[key] = value;
    },
  });
  if (!graph) throw new OnnxError('holds no graph: truncated, or not an ONNX model');
  return { irVersion, producerName, opsets, graph, metadata };
}

function readOpset(reader: WireReader): OnnxOpset {
  let domain = '';
  let version = 0;
  readFields(reader, {
    1: (r) => {
      domain = r.string();
    },
    2: (r) => {
      version = r.varint();
    },
  });
  return { domain, version };
}

function readEntry(reader: WireReader): { key: string; value: string } {
  let key = '';
  let value = '';
  readFields(reader, {
    1: (r) => {
      key = r.string();
    },
    2: (r) => {
      value = r.string();
    },
  });
  return { key, value };
}

function readGraph(reader: WireReader): OnnxGraph {
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  readFields(reader, {
    1: (r) => nodes.push(readNode(r.message())),
    2: (r) => {
      name = r.string();
    },
    5: (r) => initializers.push(readTensor(r.message())),
    11: (r) => inputs.push(readValue(r.message())),
    12: (r) => outputs.push(readValue(r.message())),
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(reader: WireReader): OnnxNode {
  let name = '';
  let opType = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, OnnxAttribute> = {};
  readFields(reader, {
    1: (r) => inputs.push(r.string()),
    2: (r) => outputs.push(r.string()),
    3: (r) => {
      name = r.string();
    },
    4: (r) => {
      opType = r.string();
    },
    5: (r) => {
      const [key, attribute] = readAttribute(r.message());
      attributes[key] = attribute;
    },
    7: (r) => {
      domain = r.string();
    },
  });
  return { opType, domain, name, inputs, outputs, attributes };
}

function readAttribute(reader: WireReader): [string, OnnxAttribute] {
  let name = '';
  let type = 0;
  let float = 0;
  let int = 0;
  let string = '';
  const floats: number[] = [];
  const ints: number[] = [];
  readFields(reader, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => {
      float = r.float();
    },
    3: (r) => {
      int = r.varint();
    },
    4: (r) => {
      string = r.string();
    },
    7: (r, wire) => repeated(r, wire, floats, (value) => value.float()),
    8: (r, wire) => repeated(r, wire, ints),
    20: (r) => {
      type = r.varint();
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

function readTensor(reader: WireReader): OnnxTensor {
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  let external = false;
  const shape: number[] = [];
  const floats: number[] = [];
  const int32s: number[] = [];
  const int64s: number[] = [];
  readFields(reader, {
    1: (r, wire) => repeated(r, wire, shape),
    2: (r) => {
      type = r.varint();
    },
    4: (r, wire) => repeated(r, wire, floats, (value) => value.float()),
    5: (r, wire) => repeated(r, wire, int32s),
    7: (r, wire) => repeated(r, wire, int64s),
    8: (r) => {
      name = r.string();
    },
    9: (r) => {
      raw = r.bytes();
    },
    14: (r) => {
      external = r.varint() !== 0;
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

function readValue(reader: WireReader): OnnxValue {
  let name = '';
  let type: TensorType | undefined;
  readFields(reader, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => {
      type = readType(r.message());
    },
  });
  const { elementType, shape } = type ?? { elementType: 0, shape: [] };
  return { name, dataType: dataTypeOf(elementType, `value "${name}"`), shape };
}

interface TensorType {
  elementType: number;
  shape: (number | string)[];
}

function readType(reader: WireReader): TensorType {
  const type: TensorType = { elementType: 0, shape: [] };
  const readExtent = (r: WireReader) => {
    // Neither a value nor a name: any extent.
    let extent: number | string = '';
    readFields(r, {
      1: (e) => {
        extent = e.varint();
      },
      2: (e) => {
        extent = e.string();
      },
    });
    type.shape.push(extent);
  };
  const readTensorType = (r: WireReader) =>
    readFields(r, {
      1: (t) => {
        type.elementType = t.varint();
      },
      2: (t) => readFields(t.message(), { 1: (d) => readExtent(d.message()) }),
    });
  readFields(reader, { 1: (r) => readTensorType(r.message()) });
  return type;
}

function dataTypeOf(value: number, where: string): OnnxDataType {
  for (const [name, number] of Object.entries(dataTypes)) {
    if (number === value) return name as OnnxDataType;
  }
  throw new OnnxError(`${where} has element type ${value}; known: ${Object.keys(dataTypes).join(', ')}`);
}

type FieldReaders = Readonly<Record<number, (reader: WireReader, wireType: number) => unknown>>;

function readFields(reader: WireReader, readers: FieldReaders): void {
  while (!reader.done) {
    const tag = reader.varint();
    const read = readers[tag >>> 3];
    if (read) read(reader, tag & 7);
    else reader.skip(tag & 7);
  }
}

/** Numbers come one per field, or packed into one delimited field. */
function repeated(
  reader: WireReader,
  wireType: number,
  target: number[],
  read: (reader: WireReader) => number = (each) => each.varint(),
): void {
  if (wireType !== wireTypes.delimited) {
    target.push(read(reader));
    return;
  }
  const packed = reader.message();
  while (!packed.done) target.push(read(packed));
}
