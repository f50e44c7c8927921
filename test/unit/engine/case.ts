import { Graph, ops, type Program, type Shape, type Value } from '@easel/exporter/engine';
import { Random } from '@easel/sdk/random';
import { elementCount } from '@easel/sdk/tensor';

/** One number of an input. */
export type Fill = (random: Random) => number;

export const normal: Fill = (random) => random.normal();
export const scaledNormal =
  (deviation: number): Fill =>
  (random) =>
    deviation * random.normal();
export const between =
  (low: number, high: number): Fill =>
  (random) =>
    random.uniform(low, high);

/** Normal, but at least 0.1 away from where a function has a kink. */
export const smoothAround =
  (...kinks: readonly number[]): Fill =>
  (random) => {
    for (;;) {
      const value = 2 * random.normal();
      if (kinks.every((kink) => Math.abs(value - kink) > 0.1)) return value;
    }
  };

/** A graph in the making, with numbers for its inputs. */
export class Subject {
  graph = new Graph();
  readonly feeds = new Map<string, Float32Array>();
  /** What gradients are checked of. */
  variables: Record<string, Value> = {};

  constructor(readonly random: Random) {}

  /** Goes on with a graph that was built elsewhere. */
  adopt(graph: Graph, variables: Readonly<Record<string, Value>>): void {
    this.graph = graph;
    this.variables = { ...variables };
  }

  variable(name: string, shape: Shape, fill: Fill = normal): Value {
    this.variables[name] = this.constant(name, shape, fill);
    return this.variables[name];
  }

  constant(name: string, shape: Shape, fill: Fill = normal): Value {
    this.feed(
      name,
      Float32Array.from({ length: elementCount(shape) }, () => fill(this.random)),
    );
    return this.graph.input(name, shape);
  }

  feed(name: string, data: Float32Array): void {
    this.feeds.set(name, data);
  }
}

/**
 * Which finite differences gradients must agree with. Those along `any` direction estimate the error of the whole gradient;
 * `uphill` ones still stand out from rounding behind several layers; `none` are taken where values are so near to a kink
 * that they would cross it.
 */
export type Differences = 'any' | 'uphill' | 'none';

export interface Case {
  readonly name: string;
  /** Returns what is compared; gradients are those of a weighted sum of the first. */
  build(subject: Subject): Readonly<Record<string, Value>>;
  /**
   * How far the input of every activation must stay from its kinks, where gradients jump: seeds are tried until it does.
   * Without it the numbers are smooth by construction.
   */
  readonly margin?: number;
  /** Whether the gradient of every variable must also come out right when it is the only one wanted. */
  readonly eachAlone?: boolean;
  /** `any` unless said otherwise. */
  readonly differences?: Differences;
  /**
   * Gradients smaller than this part of the largest one count as that large: batch norm cancels the scale or shift of the
   * norm before it, and what is left of their gradients is rounding alone.
   */
  readonly floor?: number;
}

/** A case with its numbers, and the loss whose gradients are compared. */
export interface Prepared {
  readonly program: Program & { readonly loss: Value; readonly gradients: Readonly<Record<string, Value>> };
  readonly feeds: ReadonlyMap<string, Float32Array>;
  /** The output that the loss is the weighted sum of, and the weights. */
  readonly summed: string;
  readonly weights: Float32Array;
}

const weightsInput = 'weights of the loss';

export function prepare(testCase: Case, seed: number): Prepared {
  const subject = new Subject(new Random(seed));
  const outputs = testCase.build(subject);
  const { graph, feeds, variables } = subject;
  const [summed, value] = Object.entries(outputs)[0] as [string, Value];
  const count = elementCount(value.shape);
  const weights = subject.constant(weightsInput, [count, 1]);
  const row = graph.apply(ops.reshape, [value], { shape: [1, count] });
  const loss = graph.apply(ops.reshape, [graph.apply(ops.matmul, [row, weights], {})], { shape: [] });
  return {
    program: { name: testCase.name, graph, outputs, loss, gradients: variables },
    feeds,
    summed,
    weights: feeds.get(weightsInput) as Float32Array,
  };
}

/** The case's numbers from the first seed that keeps every activation smooth. */
export async function prepareSmooth(
  testCase: Case,
  closestKink: (prepared: Prepared) => Promise<number>,
): Promise<Prepared> {
  const most = 100;
  for (let seed = 1; seed <= most; seed++) {
    const prepared = prepare(testCase, seed);
    if (testCase.margin === undefined || (await closestKink(prepared)) >= testCase.margin) return prepared;
  }
  throw new Error(
    `${testCase.name}: no seed of ${most} keeps its activations ${testCase.margin} away from their kinks`,
  );
}
