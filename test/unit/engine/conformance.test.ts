import {
  type Engine,
  type Lowering,
  type Node,
  type Op,
  onnxEngine,
  PortableStep,
  portable,
} from '@easel/exporter/engine';
import type { Tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import { rejection } from '../../fixtures/rejection.js';
import { type Case, prepareSmooth } from './case.js';
import { opCases } from './cases/ops.js';
import { check } from './conformance.js';
import { compareWithDifferences } from './differences.js';
import { closestKink, oracle, startOracle } from './oracle.js';

/** The portable lowering with other rules for some ops. */
function altered(change: (op: Op<unknown>) => Partial<Op<unknown>>): Engine {
  const steps: Lowering['steps'] = (graph) =>
    graph.nodes.map((node: Node) => new PortableStep({ ...node, op: { ...node.op, ...change(node.op) } }));
  return onnxEngine({ lowering: { name: 'altered', steps }, threads: 1 });
}

const reference = onnxEngine({ lowering: portable, threads: 1 });

const caseNamed = (name: string) => opCases.find((testCase) => testCase.name === name) as Case;

describe('the conformance suite', () => {
  before(startOracle);

  it('passes a lowering that only copies the portable one', async () => {
    await check(
      caseNamed('linear'),
      altered(() => ({})),
    );
  });

  it('notices a gradient that is off by one part in a thousand', async () => {
    const engine = altered(({ name, gradient }) =>
      name === 'linear' && gradient
        ? { gradient: (e, call) => gradient(e, call).map((value) => value && e.scale(value, 1.001)) }
        : {},
    );
    const error = await rejection(check(caseNamed('linear'), engine), Error);
    expect(error.message).to.contain('gradient of weight is off by 1.0e-3');
  });

  it('notices a gradient that is wrong only where other gradients are not wanted', async () => {
    const engine = altered(({ name, gradient }) =>
      name === 'linear' && gradient
        ? {
            gradient: (e, call) =>
              gradient(e, call).map((value) => value && e.scale(value, call.needed.every(Boolean) ? 1 : 2)),
          }
        : {},
    );
    const error = await rejection(check(caseNamed('linear'), engine), Error);
    expect(error.message).to.contain('wanted alone');
  });

  it('notices a forward value that is off, although its gradient agrees with it', async () => {
    const engine = altered(({ name, emit }) =>
      name === 'add' ? { emit: (e, call) => emit(e, call).map((value) => e.add(value, e.scalar(0.01))) } : {},
    );
    const error = await rejection(check(caseNamed('add'), engine), Error);
    expect(error.message).to.contain('y is off by');
  });

  it('notices by finite differences alone that a gradient is not that of the forward pass', async () => {
    const prepared = await prepareSmooth(caseNamed('matmul'), closestKink);
    const results = await oracle(prepared);
    expect(await compareWithDifferences('any', prepared, results, reference)).to.deep.equal([]);
    const wrong = results['gradient of a'] as Tensor;
    const scaled = { ...results, 'gradient of a': { ...wrong, data: wrong.data.map((value) => 1.001 * value) } };
    const problems = await compareWithDifferences('any', prepared, scaled, reference);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/^gradient of a differs by/);
    expect((await compareWithDifferences('uphill', prepared, scaled, reference)).length).to.equal(1);
  });
});
