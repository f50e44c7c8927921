import { float16Bits, float16Value, fromFloat16, toFloat16 } from '@easel/sdk/onnx';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

describe('float16', () => {
  it('reads the patterns of the standard', () => {
    const patterns: [number, number][] = [
      [0x0000, 0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
    ];
    for (const [bits, value] of patterns) {
      expect(float16Value(bits)).to.equal(value);
      expect(float16Bits(value)).to.equal(bits);
    }
    expect(float16Value(0x7e00)).to.be.NaN;
    expect(float16Value(float16Bits(Number.NaN))).to.be.NaN;
    expect(Object.is(float16Value(0x8000), -0)).to.equal(true);
    expect(float16Bits(-0)).to.equal(0x8000);
  });

  it('keeps every value that it can hold', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 0x7c00) !== 0x7c00);
    const values = fromFloat16(bits);
    expect(values.every((value, i) => Object.is(value, float16Value(bits[i] as number)))).to.equal(true);
    expect(toFloat16(values)).to.deep.equal(bits);
  });

  it('rounds to nearest, ties to even', () => {
    const step = 2 ** -10;
    const cases: [number, number][] = [
      [1 + step / 2, 1],
      [1 + (3 * step) / 2, 1 + 2 * step],
      [1 + step * 0.51, 1 + step],
      [65519, 65504],
      [65520, Number.POSITIVE_INFINITY],
      [2 ** -25, 0],
      [1.01 * 2 ** -25, 2 ** -24],
      [2 ** -26, 0],
      [1.5 * 2 ** -24, 2 ** -23],
      // The carry out of the largest subnormal is the smallest normal number.
      [1023.6 * 2 ** -24, 2 ** -14],
    ];
    for (const [value, rounded] of cases) {
      expect(float16Value(float16Bits(value)), String(value)).to.equal(rounded);
      expect(float16Value(float16Bits(-value)), String(-value)).to.equal(-rounded);
    }
  });

  it('is never off by more than half a step', () => {
    const random = new Random(5);
    for (let i = 0; i < 2000; i++) {
      const value = random.normal() * 10 ** random.uniform(-7, 4);
      const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10));
      const float32 = Math.fround(value);
      expect(Math.abs(float16Value(float16Bits(value)) - float32)).to.be.at.most(step / 2);
    }
  });
});
