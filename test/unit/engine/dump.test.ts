import { compile, dumpModel, ops, portable } from '@easel/exporter/engine';
import { buildNetwork } from '@easel/exporter/supernet';
import { decodeModel, float, ModelBuilder } from '@easel/sdk/onnx';
import { type Architecture, largestArchitecture, presetSpace, smallestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { expectGolden } from '../../fixtures/golden.js';
import { lineDiff } from '../../fixtures/line-diff.js';

describe('dumpModel', () => {
  it('writes a line per input, large constant, node and output, and small constants in place', () => {
    const model = new ModelBuilder('example');
    const x = model.input('x', ['batch', 4]);
    const weight = model.initializer('a weight', { shape: [4, 5], data: new Float32Array(20) });
    const product = model.node('FusedMatMul', [x, weight], { transA: 0, alpha: float(1) }, 'com.microsoft');
    const [left, right] = model.nodes('Split', [product, model.integers([2, 3])], 2, { axis: 1 }) as [string, string];
    model.output(model.node('Mul', [left, model.scalar(0.1)]), ['batch', 2], 'left');
    model.output(model.node('Pad', [right, model.integers([0, 0, 0, 1]), '']), ['batch', 4], 'right half');
    const tiles = model.constant([1, 2], Float32Array.of(1, 2));
    model.output(model.node('Add', [left, tiles]), ['batch', 2], 'sum');
    expect(dumpModel(decodeModel(model.encode()))).to.equal(
      [
        'model example',
        'opset ai.onnx 17',
        'opset com.microsoft 1',
        'input x float32 [batch, 4]',
        'constant "a weight" float32 [4, 5]',
        'FusedMatMul.0 = com.microsoft.FusedMatMul(x, "a weight") alpha=1 transA=0',
        'Split.0, Split.1 = Split(FusedMatMul.0, [2, 3]) axis=1',
        'Mul.0 = Mul(Split.0, 0.1)',
        'left = Identity(Mul.0)',
        'Pad.0 = Pad(Split.1, [0, 0, 0, 1], -)',
        '"right half" = Identity(Pad.0)',
        'Add.0 = Add(Split.0, [1, 2]:[1, 2])',
        'sum = Identity(Add.0)',
        'output left float32 [batch, 2]',
        'output "right half" float32 [batch, 4]',
        'output sum float32 [batch, 2]',
        '',
      ].join('\n'),
    );
  });
});

describe('emitted graphs', () => {
  const space = presetSpace('tiny-32');
  const architectures: Readonly<Record<string, Architecture>> = {
    largest: largestArchitecture(space),
    smallest: smallestArchitecture(space),
  };

  for (const [name, architecture] of Object.entries(architectures)) {
    it(`of the training step of ${space.name}'s ${name} architecture are as in test/golden`, async () => {
      const [batch, classes] = [2, 10];
      const { graph, logits, parameters } = buildNetwork(space, architecture, { batch, classes, norm: 'batch' });
      const inputs = [logits, graph.input('targets', [batch, classes]), graph.input('mask', [1, classes])];
      const loss = graph.apply(ops.softCrossEntropy, inputs, {});
      const program = { name: 'step', graph, outputs: { loss, logits }, loss, gradients: parameters };
      await expectGolden(`${space.name}-${name}.onnx.txt`, dumpModel(decodeModel(compile(program, portable))));
    });
  }
});

describe('lineDiff', () => {
  it('is empty for equal texts', () => {
    expect(lineDiff('a\nb', 'a\nb')).to.equal('');
  });

  it('shows removed and added lines with their surroundings', () => {
    expect(lineDiff('a\nb\nc\nd\ne\nf\ng', 'a\nb\nc\nX\ne\nY\nf\ng')).to.equal(
      ['@@ line 4 @@', '  b', '  c', '- d', '+ X', '  e', '+ Y', '  f', '  g'].join('\n'),
    );
  });

  it('stops after the given number of lines', () => {
    expect(lineDiff('', 'a\nb\nc\nd', 2)).to.equal(['@@ line 1 @@', '- ', '+ a', '(3 more lines)'].join('\n'));
  });
});
