import { encodeMessage, Fields, Float32, Float32s } from '@easel/sdk/onnx';
import { expect } from 'chai';
import protobuf from 'protobufjs/minimal.js';

const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER, -1, -300, -(2 ** 40)];
const texts = ['', 'plain', 'größe', 'x'.repeat(200), '图像', 'a😀b'];

describe('The wire format of protocol buffers', () => {
  for (const capacity of [0, 1, 10_000]) {
    it(`is written as protobufjs reads it, with room for ${capacity} bytes at first`, () => {
      const bytes = encodeMessage(
        [
          ...numbers.map((value) => [1, value] as const),
          ...texts.map((text) => [2, text] as const),
          [3, new Float32(0.1)],
          [16, [[1, 'inner']]],
          [2047, Uint8Array.of(1, 2, 3)],
        ],
        capacity,
      );
      const reader = protobuf.Reader.create(bytes);
      const tag = (field: number, wireType: number) => expect(reader.uint32()).to.equal(field * 8 + wireType);
      for (const value of numbers) {
        tag(1, 0);
        expect(Number(reader.int64().toString())).to.equal(value);
      }
      for (const text of texts) {
        tag(2, 2);
        expect(reader.string()).to.equal(text);
      }
      tag(3, 5);
      expect(reader.float()).to.equal(Math.fround(0.1));
      tag(16, 2);
      expect(new Fields(new Uint8Array(reader.bytes())).string(1)).to.equal('inner');
      tag(2047, 2);
      expect([...reader.bytes()]).to.deep.equal([1, 2, 3]);
      expect(reader.pos).to.equal(reader.len);
    });
  }

  it('is read as protobufjs writes it', () => {
    const writer = protobuf.Writer.create();
    for (const value of numbers) writer.uint32(8).int64(value);
    for (const text of texts) writer.uint32(18).string(text);
    writer.uint32(29).float(0.1).uint32(33).fixed64(7).uint32(42).fork();
    for (const value of numbers) writer.int64(value);
    writer.ldelim().uint32(48).int32(-5);
    const fields = new Fields(new Uint8Array(writer.finish()));
    expect(fields.integers(1)).to.deep.equal(numbers);
    expect(fields.strings(2)).to.deep.equal(texts);
    expect(new DataView(fields.bytes(3)[0]?.slice().buffer as ArrayBuffer).getFloat32(0, true)).to.equal(
      Math.fround(0.1),
    );
    expect(fields.integers(5)).to.deep.equal(numbers);
    expect(fields.integer(6)).to.equal(-5);
    expect([fields.has(4), fields.has(7), fields.integer(7), fields.string(7)]).to.deep.equal([true, false, 0, '']);
  });

  const broken: [string, number[]][] = [
    ['a number without end', [8, 255]],
    ['a number of more than 64 bits', [8, ...new Array(11).fill(255), 1]],
    ['a length beyond the end', [18, 5, 65]],
    ['a float beyond the end', [29, 0, 0]],
    ['a group', [11]],
  ];
  for (const [what, bytes] of broken) {
    it(`is refused where there is ${what}`, () => {
      expect(() => new Fields(Uint8Array.from(bytes))).to.throw(RangeError);
    });
  }

  it('is the same whatever memory it is written into, however long that is', () => {
    const numbers = new Float32s(3, (target) => target.set([1, 2, 3]), 8);
    for (const text of ['', 'a', 'ab', 'abc']) {
      const message = [
        [1, numbers],
        [2, text],
        [3, numbers],
        [4, text],
      ] as const;
      const fresh = encodeMessage(message, 64);
      for (const capacity of [1, 2, 3, 63, 65, 1023]) {
        expect(encodeMessage(message, capacity).slice(), `capacity ${capacity}`).to.deep.equal(fresh.slice());
      }
      for (const length of [61, 62, 63, 64, 65, 1021, 1022]) {
        const used = encodeMessage(message, 60, new Uint8Array(length).fill(255).buffer);
        expect(used.slice(), `memory of ${length} bytes`).to.deep.equal(fresh.slice());
      }
    }
  });
});
