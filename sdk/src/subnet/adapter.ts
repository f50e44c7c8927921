import { largestArchitecture, layersOf, parametersOf, type SearchSpace } from '../space/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { isPerClass, type Supernet } from './write-subnet.js';

/**
 * What a task changes in one weight of the supernet, as a sum of `rank` products of a column and a row (Hu et al. 2021,
 * LoRA). The weight counts as a matrix: its first axis by all others.
 */
export interface AdapterPart {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
}

/** A task's adapter, as its file holds it: see `encodeAdapter`. */
export interface Adapter {
  readonly rank: number;
  readonly bytes: Uint8Array;
}

/** Numbers of a part: of every product its factor, then 8-bit integers, `rows` of them and then `columns`. */
export interface AdapterNumbers {
  /** `[rank]` */
  readonly factors: Float32Array;
  /** `[rank, rows + columns]` */
  readonly products: Int8Array;
}

/**
 * The parts of an adapter, in the order of its file: every weight of the supernet; of the classifier, the task's rows.
 * @param classes how many the task has
 * @param most products per weight
 */
export function adapterParts(space: SearchSpace, classes: number, most: number): readonly AdapterPart[] {
  return layersOf(space, largestArchitecture(space), classes)
    .flatMap(parametersOf)
    .map(({ name, shape: [rows = 1, ...others] }) => {
      const columns = others.reduce((product, extent) => product * extent, 1);
      return { name, rows, columns, rank: Math.min(most, rows, columns) };
    });
}

/** How long an adapter's file is. */
export function adapterBytes(parts: readonly AdapterPart[]): number {
  return parts.reduce((sum, { rows, columns, rank }) => sum + rank * (4 + rows + columns), 0);
}

/** An adapter's file: all factors (float32, little-endian), then all products (int8), part by part. */
export function encodeAdapter(
  parts: readonly AdapterPart[],
  numbersOf: (part: AdapterPart) => AdapterNumbers,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(adapterBytes(parts));
  const numbers = parts.map(numbersOf);
  let offset = 0;
  for (const { factors } of numbers) {
    bytes.set(new Uint8Array(factors.buffer, factors.byteOffset, factors.byteLength), offset);
    offset += factors.byteLength;
  }
  for (const { products } of numbers) {
    bytes.set(new Uint8Array(products.buffer, products.byteOffset, products.length), offset);
    offset += products.length;
  }
  return bytes;
}

/**
 * The supernet as the task has it. Weights are added to copies; statistics stay as they are.
 * @param adapter of this search space, and as many classes: `adapterBytes` long
 * @param classes indices of the task's classes among the supernet's, in the task's order
 */
export function adapt(supernet: Supernet, adapter: Adapter, classes: readonly number[]): Supernet {
  const { rank: most, bytes } = adapter;
  const parts = adapterParts(supernet.space, classes.length, most);
  const count = parts.reduce((sum, { rank }) => sum + rank, 0);
  // A copy is aligned.
  const factors = new Float32Array(bytes.slice(0, 4 * count).buffer);
  const products = new Int8Array(bytes.buffer, bytes.byteOffset + 4 * count, bytes.length - 4 * count);
  const weights = new Map(supernet.weights);
  let product = 0;
  let start = 0;
  for (const { name, rows, columns, rank } of parts) {
    const { shape, data } = supernet.weights.get(name) as Tensor;
    const adapted = new Float32Array(data);
    for (const end = product + rank; product < end; product++) {
      const factor = factors[product] as number;
      const column = products.subarray(start, start + rows);
      const row = products.subarray(start + rows, start + rows + columns);
      column.forEach((value, i) => {
        const first = (isPerClass(name) ? (classes[i] as number) : i) * columns;
        addScaled(adapted, first, row, factor * value);
      });
      start += rows + columns;
    }
    weights.set(name, tensor(shape, adapted));
  }
  return { ...supernet, weights };
}

function addScaled(target: Float32Array, first: number, row: Int8Array, factor: number): void {
  for (let i = 0; i < row.length; i++) {
    target[first + i] = (target[first + i] as number) + factor * (row[i] as number);
  }
}
