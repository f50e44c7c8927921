import { readFile } from 'node:fs/promises';
import { decodeModel, type OnnxValue } from '@easel/sdk/onnx';
import { elementCount } from '@easel/sdk/tensor';
import { FileError } from '../../errors/index.js';
import { readProblem } from '../../files/index.js';
import { shortCount } from '../table.js';
import { formatFields } from './fields.js';

export async function describeModel(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause) => {
    throw new FileError(file, readProblem(cause), { cause });
  });
  let model: ReturnType<typeof decodeModel>;
  try {
    model = decodeModel(new Uint8Array(bytes));
  } catch (cause) {
    throw new FileError(file, `is no ONNX model that Easel reads (${(cause as Error).message})`, { cause });
  }
  const { graph, metadata } = model;
  const counts = new Map<string, number>();
  for (const { opType } of graph.nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  const ops = [...counts].sort(([, a], [, b]) => b - a).map(([op, count]) => `${op} ${count}`);
  const numbers = graph.initializers.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return formatFields(`ONNX model ${graph.name} (${shortCount(bytes.length)}B)`, [
    ...graph.inputs.map((value): [string, string] => ['input', signature(value)]),
    ...graph.outputs.map((value): [string, string] => ['output', signature(value)]),
    ['nodes', `${graph.nodes.length}: ${ops.join(', ')}`],
    ['constants', `${shortCount(numbers)} numbers in ${graph.initializers.length} tensors`],
    ...Object.entries(metadata).map(([key, value]): [string, string] => [key, value]),
  ]);
}

function signature({ name, shape }: OnnxValue): string {
  return `${name} [${shape.join(', ')}]`;
}
