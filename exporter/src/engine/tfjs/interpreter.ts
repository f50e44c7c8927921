import { normEpsilon } from '@easel/sdk/space';
import type * as tensorflow from '@tensorflow/tfjs';
import type { Graph, Op, Value } from '../graph.js';
import type * as ops from '../ops/index.js';

/** The namespace of @tensorflow/tfjs, tfjs-node or tfjs-node-gpu: an argument, so that none of them is a dependency. */
export type TensorFlow = typeof tensorflow;
export type TensorFlowTensor = tensorflow.Tensor;

/** Every operation of the engine, by the name it is exported under (and bears itself). */
export type OpName = { [Name in keyof Ops]: Ops[Name] extends Op<infer _> ? Name : never }[keyof Ops];

/**
 * Computes the values of a graph by TensorFlow.js ops, which TensorFlow.js can then differentiate. Values that our ops
 * declare to be constants carry no gradient here either.
 *
 * @param inputs the tensors of the graph's inputs by name
 * @param adjust may replace a value as soon as it is known
 */
export function interpret(
  tf: TensorFlow,
  graph: Graph,
  inputs: ReadonlyMap<string, TensorFlowTensor>,
  adjust: (value: Value, tensor: TensorFlowTensor) => TensorFlowTensor = (_, tensor) => tensor,
): ReadonlyMap<Value, TensorFlowTensor> {
  const values = new Map<Value, TensorFlowTensor>();
  for (const [name, value] of graph.inputs) {
    const tensor = inputs.get(name);
    if (!tensor) throw new Error(`input ${name} has no tensor`);
    values.set(value, adjust(value, tensor));
  }
  for (const { op, attributes, inputs, outputs } of graph.nodes) {
    const rule = rules[op.name as OpName] as Rule<unknown> | undefined;
    if (!rule) throw new Error(`operation ${op.name} has no rule for TensorFlow.js; known: ${Object.keys(rules)}`);
    const results = rule(tf, inputs.map((value) => values.get(value)) as unknown as Inputs, attributes);
    outputs.forEach((value, i) => {
      const result = results[i] as TensorFlowTensor;
      values.set(value, adjust(value, i === 0 && op.gradient ? result : constant(tf, result)));
    });
  }
  return values;
}

type Ops = typeof ops;
type AttributesOf<Name extends OpName> = Ops[Name] extends Op<infer Attributes> ? Attributes : never;

/** The outputs of an operation from its inputs; shapes were checked when the graph was built. */
type Rule<Attributes> = (tf: TensorFlow, inputs: Inputs, attributes: Attributes) => readonly TensorFlowTensor[];

/** As many of them as the operation takes. */
type Inputs = readonly [T, T, T, T, T];
type T = TensorFlowTensor;

const rules = {
  activation: (tf, [x], { kind }) => [activations[kind](tf, x)],

  add: (tf, [a, b]) => [tf.add(a, b)],

  alphaDivergence: (tf, [logits, teacher, mask], { clip }) => {
    const p = constant(tf, teacher);
    const logStudent = tf.logSoftmax(tf.add(logits, constant(tf, mask)));
    const q = tf.exp(logStudent);
    const positive = tf.maximum(p, 1e-12);
    const ratio = constant(tf, tf.minimum(tf.div(q, positive), clip));
    const under = tf.sum(tf.mul(p, tf.sub(tf.log(positive), logStudent)), 1);
    // The published gradient: the value of the divergence, with the slope of the mean ratio.
    const slope = tf.sum(tf.mul(q, ratio), 1);
    const value = tf.div(tf.sum(tf.mul(q, tf.sub(ratio, 1)), 1), 2);
    const over = tf.add(constant(tf, value), tf.sub(slope, constant(tf, slope)));
    return [tf.mean(tf.maximum(over, under))];
  },

  batchNorm: (tf, [x, scale, shift]) => {
    const { mean, variance } = tf.moments(x, [0, 2, 3]);
    return [normalize(tf, x, scale, shift, mean, variance), mean, variance];
  },

  convolution: (tf, [x, weight], { stride, groups }) => {
    if (weight.shape[2] === 1 && stride === 1 && groups === 1) return [pointwise(tf, x, weight)];
    // TensorFlow's own "same" padding is uneven where the stride divides the extent.
    const pad = (weight.shape[2] as number) >> 1;
    const around: [number, number] = [pad, pad];
    const padded = tf.pad(tf.transpose(x, [0, 2, 3, 1]), [[0, 0], around, around, [0, 0]]) as tensorflow.Tensor4D;
    const kernel = tf.transpose(weight, groups === 1 ? [2, 3, 1, 0] : [2, 3, 0, 1]) as tensorflow.Tensor4D;
    const convolve = groups === 1 ? tf.conv2d : tf.depthwiseConv2d;
    return [tf.transpose(convolve(padded, kernel, [stride, stride], 'valid'), [0, 3, 1, 2])];
  },

  frozenNorm: (tf, [x, scale, shift, mean, variance]) => [
    normalize(tf, x, scale, shift, constant(tf, mean), constant(tf, variance)),
  ],

  globalAveragePool: (tf, [x]) => [tf.mean(x, [2, 3])],

  linear: (tf, [x, weight, bias]) => [tf.add(tf.matMul(x, weight, false, true), bias)],

  matmul: (tf, [a, b]) => [tf.matMul(a, b)],

  multiply: (tf, [a, b]) => [tf.mul(a, b)],

  reshape: (tf, [x], { shape }) => [tf.reshape(x, [...shape])],

  sliceWeight: (tf, [full], { shape }) => {
    const start = shape.map((extent, axis) => (axis < 2 ? 0 : ((full.shape[axis] as number) - extent) >> 1));
    return [tf.slice(full, start, [...shape])];
  },

  softCrossEntropy: (tf, [logits, targets, mask], { temperature = 1 }) => {
    const logProbabilities = tf.logSoftmax(tf.div(tf.add(logits, constant(tf, mask)), temperature));
    return [tf.mul(tf.mean(tf.sum(tf.mul(logProbabilities, constant(tf, targets)), 1)), -(temperature ** 2))];
  },

  weightedSquaredError: (tf, [prediction, target, weight]) => {
    const squares = tf.square(tf.sub(prediction, constant(tf, target)));
    return [tf.mean(tf.sum(tf.mul(constant(tf, weight), squares), 1))];
  },
} satisfies { readonly [Name in OpName]: Rule<AttributesOf<Name>> };

/** A matrix product, whose gradients are far faster on the plain JavaScript backend than a convolution's. */
function pointwise(tf: TensorFlow, x: T, weight: T): T {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const out = weight.shape[0] as number;
  const columns = tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [channels, -1]);
  const product = tf.matMul(tf.reshape(weight, [out, channels]), columns);
  return tf.transpose(tf.reshape(product, [out, batch, height, width]), [1, 0, 2, 3]);
}

const activations = {
  relu: (tf, x) => tf.relu(x),
  hswish: (tf, x) => tf.mul(x, hardSigmoid(tf, x)),
  hardSigmoid,
} satisfies Record<ops.ActivationName, (tf: TensorFlow, x: T) => T>;

function hardSigmoid(tf: TensorFlow, x: T): T {
  return tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1);
}

function normalize(tf: TensorFlow, x: T, scale: T, shift: T, mean: T, variance: T): T {
  const perChannel = (vector: T) => tf.reshape(vector, [-1, 1, 1]);
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, normEpsilon)));
  return tf.add(tf.mul(tf.sub(x, perChannel(mean)), perChannel(factor)), perChannel(shift));
}

/** The same numbers without a gradient. */
function constant(tf: TensorFlow, tensor: T): T {
  return tf.customGrad((x) => {
    const value = (x as T).clone();
    return { value, gradFunc: (gradient: T) => tf.zerosLike(gradient) };
  })(tensor);
}
