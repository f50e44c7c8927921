import { decodeSafetensors, encodeSafetensors } from '@easel/sdk/bundle';
import { tensor } from '@easel/sdk/tensor';
import { expect } from 'chai';

const tensors = new Map([
  ['a/mean', tensor([3], Float32Array.of(1, -2.5, 1e-20))],
  ['größe', tensor([2, 2], Float32Array.of(4, 5, 6, 7))],
  ['empty', tensor([0])],
]);

/** Written by hand from the format's description. */
function fileOf(header: string, numbers: Float32Array = new Float32Array()): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, new TextEncoder().encode(header).length, true);
  return Uint8Array.of(...length, ...new TextEncoder().encode(header), ...new Uint8Array(numbers.buffer));
}

describe('safetensors', () => {
  it('reads back what it writes', () => {
    expect(decodeSafetensors(encodeSafetensors(tensors))).to.deep.equal(tensors);
  });

  it('writes the format of the specification: header length, JSON, numbers at a multiple of 8', () => {
    const bytes = encodeSafetensors(tensors);
    const view = new DataView(bytes.buffer);
    const headerLength = Number(view.getBigUint64(0, true));
    expect(headerLength % 8).to.equal(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
    expect(header['a/mean']).to.deep.equal({ dtype: 'F32', shape: [3], data_offsets: [0, 12] });
    expect(view.getFloat32(8 + headerLength + 4, true)).to.equal(-2.5);
  });

  it('reads files of other writers, with metadata and in any order', () => {
    const header =
      '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},' +
      '"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}';
    const read = decodeSafetensors(fileOf(header, Float32Array.of(3, 9)));
    expect([...read]).to.deep.equal([
      ['b', tensor([1], Float32Array.of(9))],
      ['a', tensor([], Float32Array.of(3))],
    ]);
  });

  it('refuses a file that is cut off anywhere', () => {
    const bytes = encodeSafetensors(new Map([...tensors].slice(0, 2)));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length)), `the first ${length} bytes`).to.throw(RangeError);
    }
  });

  const malformed: [string, string, RegExp][] = [
    ['other types', '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}', /"a" is no float32 tensor/],
    ['a shape that the numbers do not fill', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', /does not fill/],
    ['offsets that run backwards', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', /ends beyond/],
    ['negative offsets', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}', /no float32 tensor/],
    ['a header that is no object', '"text"', /not a safetensors file/],
  ];
  for (const [what, header, message] of malformed) {
    it(`refuses ${what}`, () => {
      expect(() => decodeSafetensors(fileOf(header, Float32Array.of(1)))).to.throw(RangeError, message);
    });
  }
});
