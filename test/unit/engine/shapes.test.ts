import { Graph, type Op, ops, type Shape, ShapeError } from '@easel/exporter/engine';
import { expect } from 'chai';

/** Shapes that an op must refuse, and what of them its message must show. */
const mismatches: Readonly<Record<string, readonly [op: unknown, inputs: readonly Shape[], attributes?: object][]>> = {
  add: [
    [
      ops.add,
      [
        [2, 3],
        [3, 2],
      ],
    ],
    [ops.add, [[2, 3], [3]]],
  ],
  batchNorm: [
    [ops.batchNorm, [[2, 8, 4, 4], [4], [8]]],
    [ops.batchNorm, [[2, 8, 4, 4], [8], [1, 8]]],
    [ops.batchNorm, [[2, 8], [8], [8]]],
  ],
  convolution: [
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [16, 4, 3, 3],
      ],
      { stride: 1, groups: 1 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [8, 8, 3, 3],
      ],
      { stride: 1, groups: 8 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [16, 8, 3, 5],
      ],
      { stride: 1, groups: 1 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [16, 8, 2, 2],
      ],
      { stride: 1, groups: 1 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [16, 1, 3, 3],
      ],
      { stride: 1, groups: 8 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [8, 4, 3, 3],
      ],
      { stride: 1, groups: 2 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 16],
        [8, 8, 1, 1],
      ],
      { stride: 1, groups: 1 },
    ],
    [
      ops.convolution,
      [
        [2, 8, 4, 4],
        [8, 8],
      ],
      { stride: 1, groups: 1 },
    ],
  ],
  frozenNorm: [
    [ops.frozenNorm, [[2, 8, 4, 4], [8], [8], [8], [4]]],
    [ops.frozenNorm, [[2, 8, 4, 4], [8], [8], [9], [8]]],
  ],
  globalAveragePool: [[ops.globalAveragePool, [[2, 8]]]],
  linear: [
    [ops.linear, [[2, 8], [5, 7], [5]]],
    [ops.linear, [[2, 8], [5, 8], [8]]],
    [ops.linear, [[2, 8, 1], [5, 8], [5]]],
  ],
  matmul: [
    [
      ops.matmul,
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [ops.matmul, [[2, 3], [3]]],
  ],
  multiply: [
    [
      ops.multiply,
      [
        [2, 3],
        [3, 2],
      ],
    ],
    [
      ops.multiply,
      [
        [2, 8, 4, 4],
        [2, 8],
      ],
    ],
  ],
  reshape: [[ops.reshape, [[2, 6]], { shape: [5, 2] }]],
  sliceWeight: [
    [ops.sliceWeight, [[8, 4]], { shape: [9, 4] }],
    [ops.sliceWeight, [[8, 4]], { shape: [8] }],
  ],
  alphaDivergence: [
    [
      ops.alphaDivergence,
      [
        [4, 6],
        [4, 5],
        [1, 6],
      ],
      { clip: 5 },
    ],
    [
      ops.alphaDivergence,
      [
        [4, 6],
        [4, 6],
        [2, 6],
      ],
      { clip: 5 },
    ],
  ],
  softCrossEntropy: [
    [
      ops.softCrossEntropy,
      [
        [4, 6],
        [4, 5],
        [1, 6],
      ],
    ],
    [
      ops.softCrossEntropy,
      [
        [4, 6],
        [4, 6],
        [2, 6],
      ],
    ],
    [ops.softCrossEntropy, [[4, 6], [4, 6], [6]]],
  ],
  weightedSquaredError: [
    [
      ops.weightedSquaredError,
      [
        [4, 6],
        [4, 6],
        [1, 6],
      ],
    ],
    [ops.weightedSquaredError, [[6], [6], [6]]],
  ],
};

const text = (shape: Shape) => `[${shape.join(', ')}]`;

describe('shape rules', () => {
  for (const [name, cases] of Object.entries(mismatches)) {
    for (const [op, shapes, attributes = {}] of cases) {
      const settings = attributes && Object.keys(attributes).length > 0 ? ` with ${JSON.stringify(attributes)}` : '';
      it(`${name} refuses ${shapes.map(text).join(', ')}${settings}`, () => {
        const graph = new Graph();
        const inputs = shapes.map((shape, i) => graph.input(`input ${i}`, shape));
        let error: unknown;
        try {
          graph.apply(op as Op<object>, inputs, attributes);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).to.be.instanceOf(ShapeError);
        const { message, operation, shapes: shown } = error as ShapeError;
        expect(operation).to.equal(name);
        expect(message).to.contain(name);
        // Of many inputs, at least the two that do not fit each other.
        expect(shown.length).to.be.at.least(Math.min(2, shapes.length));
        for (const shape of shown) expect(message).to.contain(text(shape));
        expect(graph.nodes, 'nothing is added').to.have.length(0);
      });
    }
  }

  it('are those of every op that can fail', () => {
    const all = Object.values(ops).flatMap((op) => (typeof op === 'object' ? [op.name] : []));
    // An activation takes any shape.
    expect(Object.keys(mismatches)).to.have.members(all.filter((name) => name !== 'activation'));
  });

  it('an input keeps its shape', () => {
    const graph = new Graph();
    const value = graph.input('x', [2, 3]);
    expect(graph.input('x', [2, 3])).to.equal(value);
    expect(() => graph.input('x', [3, 2])).to.throw(ShapeError, /input x.*\[2, 3\].*\[3, 2\]/);
  });

  it('a convolution keeps half of an odd extent, rounded up, when it strides', () => {
    const graph = new Graph();
    const inputs = [graph.input('x', [2, 8, 7, 9]), graph.input('weight', [8, 1, 5, 5])];
    expect(graph.apply(ops.convolution, inputs, { stride: 2, groups: 8 }).shape).to.deep.equal([2, 8, 4, 5]);
  });
});
