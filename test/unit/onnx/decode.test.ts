import { OnnxError } from '@easel/sdk/errors';
import { decodeModel, float, float16Value, GraphBuilder, ModelBuilder, type OnnxTensor } from '@easel/sdk/onnx';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';
import protobuf from 'protobufjs/minimal.js';

function smallModel(): ModelBuilder {
  const model = new ModelBuilder('small');
  const x = model.input('x', ['batch', 3]);
  const weight = model.initializer('weight', tensor([3], Float32Array.of(1, -2, 0.5)));
  const half = model.named('half', 'Cast', [model.float16Initializer('half.bits', tensor([1], Float32Array.of(0.5)))], {
    to: 1,
  });
  const sum = model.node('Add', [model.node('Mul', [x, weight]), half]);
  const kept = model.node('Reshape', [sum, model.integers([-1, 3])], { allowzero: 0 });
  const hard = model.node('HardSigmoid', [kept], { alpha: float(1), note: 'text', list: [0.25, 2], integers: [-1, 7] });
  model.output(hard, ['batch', 3], 'y');
  model.metadata['easel.space'] = 'tiny-32';
  return model;
}

/** A TensorProto by its fields, in a model that holds nothing else. */
function modelWithTensor(write: (tensor: protobuf.Writer) => void): Uint8Array {
  const tensor = protobuf.Writer.create();
  write(tensor);
  const graph = protobuf.Writer.create();
  graph.uint32((5 << 3) | 2).bytes(tensor.finish());
  return protobuf.Writer.create()
    .uint32((7 << 3) | 2)
    .bytes(graph.finish())
    .finish();
}

function onlyTensor(model: Uint8Array): OnnxTensor {
  return decodeModel(model).graph.initializers[0] as OnnxTensor;
}

describe('decodeModel', () => {
  it('reads every field that ModelBuilder writes', () => {
    const { graph, ...model } = decodeModel(smallModel().encode());
    expect(model).to.deep.equal({
      irVersion: 8,
      producerName: 'easel',
      opsets: [{ domain: '', version: 17 }],
      metadata: { 'easel.space': 'tiny-32' },
    });
    expect(graph.name).to.equal('small');
    expect(graph.inputs).to.deep.equal([{ name: 'x', dataType: 'float32', shape: ['batch', 3] }]);
    expect(graph.outputs).to.deep.equal([{ name: 'y', dataType: 'float32', shape: ['batch', 3] }]);
    const types = graph.nodes.map(({ opType }) => opType);
    expect(types).to.deep.equal(['Cast', 'Mul', 'Add', 'Reshape', 'HardSigmoid', 'Identity']);
    const [cast, , , , hard] = graph.nodes;
    expect(cast).to.deep.equal({
      opType: 'Cast',
      domain: '',
      name: 'half',
      inputs: ['half.bits'],
      outputs: ['half'],
      attributes: { to: { type: 'int', value: 1 } },
    });
    expect(hard?.attributes).to.deep.equal({
      alpha: { type: 'float', value: 1 },
      note: { type: 'string', value: 'text' },
      list: { type: 'floats', value: [0.25, 2] },
      integers: { type: 'ints', value: [-1, 7] },
    });
    const [weight, half, integers] = graph.initializers.map(({ bytes, ...rest }) => ({
      ...rest,
      bytes: [...bytes],
    }));
    const bytesOf = (data: ArrayBufferView) => [...new Uint8Array(data.buffer)];
    expect(weight).to.deep.equal({
      name: 'weight',
      dataType: 'float32',
      shape: [3],
      bytes: bytesOf(Float32Array.of(1, -2, 0.5)),
    });
    expect(half).to.deep.equal({ name: 'half.bits', dataType: 'float16', shape: [1], bytes: [0, 0x38] });
    expect(integers).to.include({ dataType: 'int64' });
    expect(integers?.bytes).to.deep.equal(bytesOf(BigInt64Array.of(-1n, 3n)));
  });

  it('reads weights that are written right into the model, wherever they come to lie', () => {
    for (const name of ['w', 'we', 'wei', 'weig']) {
      const model = new GraphBuilder('aligned');
      for (const part of ['a', 'b'])
        model.weight(name + part, [3], (target) => target.set([1, 2, part === 'a' ? 3 : 4]));
      model.output(model.named('y', 'Add', [`${name}a`, `${name}b`]), [3]);
      for (const memory of [undefined, new ArrayBuffer(5000)]) {
        const { initializers } = decodeModel(model.encode(memory)).graph;
        const numbers = initializers.map(({ bytes }) => [...new Float32Array(bytes.slice().buffer)]);
        expect(numbers).to.deep.equal([
          [1, 2, 3],
          [1, 2, 4],
        ]);
      }
    }
  });

  it('reads numbers that are stored in typed fields instead of raw bytes, packed and not', () => {
    const packed = modelWithTensor((w) => {
      w.uint32((1 << 3) | 2)
        .fork()
        .int64(3)
        .ldelim();
      w.uint32(2 << 3).int32(1);
      w.uint32((4 << 3) | 2)
        .fork()
        .float(1)
        .float(-0.5)
        .float(3)
        .ldelim();
    });
    const floats = onlyTensor(packed);
    expect(floats.shape).to.deep.equal([3]);
    expect([...new Float32Array(floats.bytes.slice().buffer)]).to.deep.equal([1, -0.5, 3]);

    const unpacked = modelWithTensor((w) => {
      w.uint32(1 << 3).int64(2);
      w.uint32(2 << 3).int32(7);
      w.uint32(7 << 3).int64(-1);
      w.uint32(7 << 3).int64(9);
    });
    const integers = onlyTensor(unpacked);
    expect([...new BigInt64Array(integers.bytes.slice().buffer)]).to.deep.equal([-1n, 9n]);

    const halves = modelWithTensor((w) => {
      w.uint32(1 << 3).int64(1);
      w.uint32(2 << 3).int32(10);
      w.uint32((5 << 3) | 2)
        .fork()
        .int32(0x3c00)
        .ldelim();
    });
    const half = onlyTensor(halves);
    expect(float16Value(new Uint16Array(half.bytes.slice().buffer)[0] as number)).to.equal(1);
  });

  it('skips fields it does not know', () => {
    const bytes = smallModel().encode();
    const more = protobuf.Writer.create()
      .uint32((6 << 3) | 2)
      .string('a doc string')
      .uint32(5 << 3)
      .int64(12)
      .finish();
    expect(decodeModel(Uint8Array.of(...more, ...bytes))).to.deep.equal(decodeModel(bytes));
  });

  it('refuses a model that is cut off anywhere in its graph', () => {
    const bytes = smallModel().encode();
    // After the graph come opsets and metadata, which take fewer than 40 bytes beside their text.
    const end = bytes.length - 'tiny-32'.length - 'easel.space'.length - 40;
    for (let length = 0; length < end; length++) {
      expect(() => decodeModel(bytes.subarray(0, length)), `the first ${length} bytes`).to.throw(OnnxError);
    }
  });

  it('refuses what is no ONNX at all', () => {
    expect(() => decodeModel(new TextEncoder().encode('<!doctype html><html></html>'))).to.throw(OnnxError);
  });

  it('refuses data that does not fill its shape', () => {
    const bytes = modelWithTensor((w) => {
      w.uint32(1 << 3).int64(4);
      w.uint32(2 << 3).int32(1);
      w.uint32((8 << 3) | 2).string('short');
      w.uint32((9 << 3) | 2).bytes(new Uint8Array(12));
    });
    expect(() => decodeModel(bytes)).to.throw(OnnxError, 'tensor "short" of shape [4] and type float32 has 12 bytes');
  });
});
