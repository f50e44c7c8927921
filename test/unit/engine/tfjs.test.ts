import { Graph, ops, type Program } from '@easel/exporter/engine';
import { runWithTensorFlow } from '@easel/exporter/engine/tfjs';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { startOracle } from './oracle.js';

/** loss = sum(a * b), with gradients of a, of a * b and of b. */
function product(): Program {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [1, 2]), graph.input('b', [1, 2])];
  const y = graph.apply(ops.multiply, [a, b], {});
  const ones = graph.input('ones', [2, 1]);
  const loss = graph.apply(ops.reshape, [graph.apply(ops.matmul, [y, ones], {})], { shape: [] });
  return { name: 'product', graph, outputs: { y, loss }, loss, gradients: { a, y, b } };
}

const feeds = new Map([
  ['a', Float32Array.of(2, 3)],
  ['b', Float32Array.of(5, 7)],
  ['ones', Float32Array.of(1, 10)],
]);

/** What the oracle says is checked by the conformance suite, against finite differences of every lowering. */
describe('runWithTensorFlow', () => {
  before(startOracle);

  it('gives outputs and gradients, also of values inside the graph and of their sources at once', async () => {
    const results = await runWithTensorFlow(tf, product(), feeds);
    const numbers = Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
    expect(numbers).to.deep.equal({
      y: [10, 21],
      loss: [220],
      'gradient of a': [5, 70],
      'gradient of y': [1, 10],
      'gradient of b': [2, 30],
    });
    expect(results.loss?.shape).to.deep.equal([]);
    expect(results['gradient of y']?.shape).to.deep.equal([1, 2]);
  });

  it('gives outputs alone where no gradient is asked for', async () => {
    const { loss: _, gradients: __, ...forward } = product();
    expect(Object.keys(await runWithTensorFlow(tf, forward, feeds))).to.deep.equal(['y', 'loss']);
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await runWithTensorFlow(tf, product(), feeds);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('names a missing input, and leaves no tensor behind then', async () => {
    const before = tf.memory().numTensors;
    const error = await rejection(runWithTensorFlow(tf, product(), new Map([...feeds].slice(0, 2))), Error);
    expect(error.message).to.contain('input ones').and.to.contain('none');
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('names an operation that it has no rule for', async () => {
    const program = product();
    const unknown = { ...ops.add, name: 'subtract' };
    const y = program.graph.apply(unknown, [program.graph.input('a', [1, 2]), program.graph.input('b', [1, 2])], {});
    const error = await rejection(
      runWithTensorFlow(tf, { name: 'p', graph: program.graph, outputs: { y } }, feeds),
      Error,
    );
    expect(error.message).to.contain('subtract').and.to.contain('multiply');
  });

  it('takes statistics, targets and masks as constants', async () => {
    const graph = new Graph();
    const inputs = ['x', 'scale', 'shift', 'mean', 'variance'].map((name) =>
      graph.input(name, name === 'x' ? [1, 1, 1, 2] : [1]),
    );
    const y = graph.apply(ops.frozenNorm, inputs, {});
    const row = graph.apply(ops.reshape, [y], { shape: [1, 2] });
    const ones = graph.input('ones', [2, 1]);
    const loss = graph.apply(ops.reshape, [graph.apply(ops.matmul, [row, ones], {})], { shape: [] });
    const [x, , , mean, variance] = inputs as [typeof y, typeof y, typeof y, typeof y, typeof y];
    const program = { name: 'frozen', graph, outputs: { loss }, loss, gradients: { x, mean, variance } };
    const results = await runWithTensorFlow(
      tf,
      program,
      new Map(
        [...graph.inputs].map(([name, { shape }]) => [
          name,
          new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(2),
        ]),
      ),
    );
    expect([...(results['gradient of mean']?.data ?? [])]).to.deep.equal([0]);
    expect([...(results['gradient of variance']?.data ?? [])]).to.deep.equal([0]);
    expect(results['gradient of x']?.data[0]).to.be.closeTo(4 / Math.sqrt(2), 1e-4);
  });
});
