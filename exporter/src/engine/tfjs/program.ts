import { elementCount } from '@easel/sdk/tensor';
import type { Engine, Feeds, Results } from '../engine.js';
import type { Graph, Value } from '../graph.js';
import { gradientName, type Program } from '../lowering/lowering.js';
import { interpret, type TensorFlow, type TensorFlowTensor } from './interpreter.js';

/** TensorFlow.js as an engine. It interprets: compiling costs nothing. */
export function tfjsEngine(tf: TensorFlow, module: string): Engine {
  return {
    name: `TensorFlow.js, ${module}, ${tf.getBackend()} backend`,
    compile: async (program) => ({
      run: (feeds) => runWithTensorFlow(tf, program, feeds),
      dispose: async () => {},
    }),
  };
}

/**
 * Computes a program with TensorFlow.js, its gradients by TensorFlow.js's own differentiation: none of our gradient rules
 * takes part, which makes it the oracle of the lowerings. Results are named as an Executable's.
 */
export async function runWithTensorFlow(tf: TensorFlow, program: Program, feeds: Feeds): Promise<Results> {
  const tensors = tf.tidy(() => {
    const inputs = inputTensors(tf, program.graph, feeds);
    return program.loss && Object.keys(program.gradients ?? {}).length > 0
      ? differentiate(tf, program, program.loss, inputs)
      : named(program, interpret(tf, program.graph, inputs));
  });
  try {
    const results: Record<string, Results[string]> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      results[name] = { shape: tensor.shape, data: (await tensor.data()) as Float32Array<ArrayBuffer> };
    }
    return results;
  } finally {
    tf.dispose(tensors);
  }
}

/** Gradients may be wanted of values inside the graph: to each a zero is added, whose gradient is the value's. */
function differentiate(
  tf: TensorFlow,
  program: Program,
  loss: Value,
  inputs: ReadonlyMap<string, TensorFlowTensor>,
): Record<string, TensorFlowTensor> {
  const targets = Object.entries(program.gradients ?? {});
  let results: Record<string, TensorFlowTensor> = {};
  const run = (...zeros: TensorFlowTensor[]) => {
    const adjust = (value: Value, tensor: TensorFlowTensor) =>
      targets.reduce<TensorFlowTensor>(
        (sum, [, target], i) => (target === value ? tf.add(sum, zeros[i] as TensorFlowTensor) : sum),
        tensor,
      );
    const values = interpret(tf, program.graph, inputs, adjust);
    results = named(program, values);
    for (const tensor of Object.values(results)) tf.keep(tensor);
    return tf.reshape(values.get(loss) as TensorFlowTensor, []) as ReturnType<TensorFlow['scalar']>;
  };
  const { grads } = tf.valueAndGrads(run)(targets.map(([, { shape }]) => tf.zeros([...shape])));
  targets.forEach(([name], i) => {
    results[gradientName(name)] = grads[i] as TensorFlowTensor;
  });
  return results;
}

function named({ outputs }: Program, values: ReadonlyMap<Value, TensorFlowTensor>): Record<string, TensorFlowTensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, (values.get(value) as TensorFlowTensor).clone()]),
  );
}

function inputTensors(tf: TensorFlow, graph: Graph, feeds: Feeds): ReadonlyMap<string, TensorFlowTensor> {
  return new Map(
    [...graph.inputs].map(([name, { shape }]) => {
      const data = feeds.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new Error(`input ${name} needs ${elementCount(shape)} numbers, got ${data?.length ?? 'none'}`);
      }
      return [name, tf.tensor(data, [...shape], 'float32')];
    }),
  );
}
