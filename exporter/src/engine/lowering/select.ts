import { Random } from '@easel/sdk/random';
import { elementCount } from '@easel/sdk/tensor';
import { UnknownEngineError } from '../errors.js';
import { Executable } from '../executable.js';
import { Graph, type Value } from '../graph.js';
import * as ops from '../ops/index.js';
import type { Lowering, Program } from './lowering.js';
import { NchwcLowering } from './nchwc/index.js';
import { portable } from './portable.js';

export interface Selection {
  readonly lowering: Lowering;
  /** For the log: why this one. */
  readonly reason: string;
}

/** The largest difference that rounding explains, relative to the largest number of an output. */
const tolerance = 1e-3;

/**
 * The fastest lowering that computes the right thing on this machine. Which block size ONNX Runtime was built for
 * depends on the CPU and cannot be asked, so both are tried on a small network against the portable result.
 *
 * @param wanted `portable` or `nchwc` forces one (also by the environment variable EASEL_LOWERING)
 */
export async function selectLowering(wanted = process.env.EASEL_LOWERING): Promise<Selection> {
  if (wanted !== undefined && wanted !== '' && wanted !== 'portable' && wanted !== 'nchwc') {
    throw new UnknownEngineError('lowering', wanted, ['portable', 'nchwc']);
  }
  if (wanted === 'portable') return { lowering: portable, reason: 'asked for' };
  const program = probe();
  const feeds = randomFeeds(program.graph);
  const reference = await results(program, portable, feeds);
  const failures: string[] = [];
  for (const block of [16, 8] as const) {
    const lowering = new NchwcLowering(block);
    try {
      const difference = largestDifference(reference, await results(program, lowering, feeds));
      if (difference <= tolerance) return { lowering, reason: `blocks of ${block} agree with the portable result` };
      failures.push(`blocks of ${block} differ from it by ${difference.toExponential(1)}`);
    } catch (error) {
      failures.push(`blocks of ${block} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (wanted === 'nchwc') throw new Error(`the nchwc lowering does not work on this machine: ${failures.join('; ')}`);
  return { lowering: portable, reason: failures.join('; ') };
}

/** Forward and backward of a stem, a pointwise and a strided depthwise layer, over channels that fill no block. */
function probe(): Program {
  const graph = new Graph();
  const parameters: Record<string, Value> = {};
  const parameter = (name: string, shape: readonly number[]) => {
    parameters[name] = graph.input(name, shape);
    return parameters[name];
  };
  let x: Value = graph.input('image', [2, 3, 8, 8]);
  const layer = (name: string, shape: readonly number[], stride: number, groups: number) => {
    const channels = [shape[0] as number];
    x = graph.apply(ops.convolution, [x, parameter(`${name}.weight`, shape)], { stride, groups });
    const scale = parameter(`${name}.scale`, channels);
    x = graph.apply(ops.batchNorm, [x, scale, parameter(`${name}.shift`, channels)], {});
    // Without it the next norm would cancel scale and shift, and their gradients would be rounding alone.
    if (name !== 'project') x = graph.apply(ops.activation, [x], { kind: 'relu' });
  };
  layer('stem', [10, 3, 3, 3], 1, 1);
  layer('expand', [40, 10, 1, 1], 1, 1);
  layer('depthwise', [40, 1, 5, 5], 2, 40);
  layer('project', [20, 40, 1, 1], 1, 1);
  const logits = graph.apply(ops.globalAveragePool, [x], {});
  const targets = graph.input('targets', [2, 20]);
  const loss = graph.apply(ops.softCrossEntropy, [logits, targets, graph.input('mask', [1, 20])], {});
  return { name: 'lowering probe', graph, outputs: { loss }, loss, gradients: parameters };
}

function randomFeeds(graph: Graph): Map<string, Float32Array> {
  const random = new Random(7);
  return new Map(
    [...graph.inputs].map(([name, { shape }]) => [
      name,
      Float32Array.from({ length: elementCount(shape) }, () => (name === 'mask' ? 0 : random.normal())),
    ]),
  );
}

async function results(program: Program, lowering: Lowering, feeds: Map<string, Float32Array>) {
  const executable = await Executable.compile(program, { lowering, threads: 1, silent: true });
  try {
    return await executable.run(feeds);
  } finally {
    await executable.dispose();
  }
}

function largestDifference(
  expected: Readonly<Record<string, { data: Float32Array }>>,
  actual: Readonly<Record<string, { data: Float32Array }>>,
): number {
  let worst = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    const other = actual[name]?.data;
    if (!other) return Number.POSITIVE_INFINITY;
    let size = 0;
    let difference = 0;
    data.forEach((value, i) => {
      size = Math.max(size, Math.abs(value));
      difference = Math.max(difference, Math.abs(value - (other[i] as number)));
    });
    worst = Math.max(worst, difference / size);
  }
  // NaN compares false with everything: say "infinitely different".
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}
