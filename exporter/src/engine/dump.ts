import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '@easel/sdk/onnx';
import { elementCount } from '@easel/sdk/tensor';

/** Constants of at most this many numbers are written out where they are used. */
const mostInline = 16;

/**
 * A model as text, one line per input, constant, node and output, to read and to compare:
 *
 *     input image float32 [2, 3, 32, 32]
 *     Conv.0 = Conv(image, stem.weight) group=1 kernel_shape=[3, 3]
 *     Reshape.0 = Reshape(Conv.0, [2, 16, 256])
 *     output logits float32 [2, 10]
 *
 * Inner values are numbered per operation, so that one node more renames few others.
 */
export function dumpModel({ opsets, graph }: OnnxModel): string {
  const names = new Map<string, string>();
  for (const { name } of [...graph.inputs, ...graph.outputs]) names.set(name, quoted(name));
  const inlined = graph.initializers.filter(({ shape }) => elementCount(shape) <= mostInline);
  for (const tensor of inlined) names.set(tensor.name, literal(tensor));
  const counts = new Map<string, number>();
  for (const { opType, outputs } of graph.nodes) {
    for (const output of outputs) {
      if (output === '' || names.has(output)) continue;
      const count = counts.get(opType) ?? 0;
      names.set(output, `${opType}.${count}`);
      counts.set(opType, count + 1);
    }
  }
  const value = (name: string) => (name === '' ? '-' : (names.get(name) ?? quoted(name)));
  return [
    `model ${quoted(graph.name)}`,
    ...opsets.map(({ domain, version }) => `opset ${domain || 'ai.onnx'} ${version}`),
    ...graph.inputs.map(({ name, dataType, shape }) => `input ${value(name)} ${dataType} ${list(shape)}`),
    ...graph.initializers
      .filter((tensor) => !inlined.includes(tensor))
      .map(({ name, dataType, shape }) => `constant ${value(name)} ${dataType} ${list(shape)}`),
    ...graph.nodes.map((node) => line(node, value)),
    ...graph.outputs.map(({ name, dataType, shape }) => `output ${value(name)} ${dataType} ${list(shape)}`),
    '',
  ].join('\n');
}

function line({ opType, domain, inputs, outputs, attributes }: OnnxNode, value: (name: string) => string): string {
  const operation = domain ? `${domain}.${opType}` : opType;
  const settings = Object.keys(attributes)
    .sort()
    .map((name) => ` ${name}=${attribute(attributes[name] as OnnxAttribute)}`);
  return `${outputs.map(value).join(', ')} = ${operation}(${inputs.map(value).join(', ')})${settings.join('')}`;
}

function attribute({ value }: OnnxAttribute): string {
  return Array.isArray(value) ? list(value) : typeof value === 'string' ? JSON.stringify(value) : `${value}`;
}

/** The numbers, and the shape where it does not follow from them. */
function literal({ dataType, shape, bytes }: OnnxTensor): string {
  const numbers = numbersOf(dataType, bytes);
  if (shape.length === 0) return numbers[0] as string;
  return shape.length === 1 ? list(numbers) : `${list(numbers)}:${list(shape)}`;
}

function numbersOf(dataType: OnnxTensor['dataType'], bytes: Uint8Array): readonly string[] {
  // A copy: the bytes may stand at an address that no typed array can start at.
  const { buffer } = bytes.slice();
  switch (dataType) {
    case 'float32':
      return Array.from(new Float32Array(buffer), (number) => `${Number(number.toPrecision(7))}`);
    case 'int64':
      return Array.from(new BigInt64Array(buffer), String);
    case 'int32':
      return Array.from(new Int32Array(buffer), String);
    case 'uint8':
    case 'bool':
      return Array.from(new Uint8Array(buffer), String);
    case 'float16':
      return Array.from(new Uint16Array(buffer), (bits) => `0x${bits.toString(16)}`);
    default:
      return dataType satisfies never;
  }
}

function list(values: readonly (number | string)[]): string {
  return `[${values.join(', ')}]`;
}

/** Names with spaces stand in quotation marks. */
function quoted(name: string): string {
  return /^[\w.@-]+$/.test(name) ? name : JSON.stringify(name);
}
