import { ops, type Results, type Value } from '@easel/exporter/engine';
import { runWithTensorFlow } from '@easel/exporter/engine/tfjs';
import * as tf from '@tensorflow/tfjs';
import type { Prepared } from './case.js';

/** TensorFlow.js in plain JavaScript: slow, and independent of everything that is tested with it. */
export async function startOracle(): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
}

export function oracle({ program, feeds }: Pick<Prepared, 'program' | 'feeds'>): Promise<Results> {
  return runWithTensorFlow(tf, program, feeds);
}

const kinks: Readonly<Record<ops.ActivationName, readonly number[]>> = {
  relu: [0],
  hswish: [-3, 3],
  hardSigmoid: [-3, 3],
};

/** The least distance of an activation's input from a kink of it. */
export async function closestKink({ program, feeds }: Prepared): Promise<number> {
  const nodes = program.graph.nodes.filter(({ op }) => op === (ops.activation as unknown));
  const outputs = Object.fromEntries(nodes.map(({ inputs }, i) => [i, inputs[0] as Value]));
  const results = await runWithTensorFlow(tf, { name: 'kinks', graph: program.graph, outputs }, feeds);
  let closest = Number.POSITIVE_INFINITY;
  nodes.forEach(({ attributes }, i) => {
    for (const kink of kinks[(attributes as { kind: ops.ActivationName }).kind]) {
      for (const value of results[i]?.data ?? []) closest = Math.min(closest, Math.abs(value - kink));
    }
  });
  return closest;
}
