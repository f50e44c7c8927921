import { coverSquare, type Pixels, resizePlanes } from '@easel/sdk/image';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

function noise(width: number, height: number, channels: 3 | 4 = 3): Pixels {
  const random = new Random(width * 1000 + height);
  return {
    data: Uint8Array.from({ length: width * height * channels }, () => random.integer(256)),
    width,
    height,
    channels,
  };
}

describe('coverSquare', () => {
  for (const [width, height, side] of [
    [64, 64, 16],
    [100, 70, 32],
    [33, 900, 32],
    [7, 5, 32],
    [1, 1, 8],
    [32, 40, 32],
  ] as const) {
    it(`takes the middle of ${width} x ${height} px to ${side} px, as scaling planes of floats does`, () => {
      const pixels = noise(width, height);
      const from = Math.min(width, height);
      const [left, top] = [(width - from) >> 1, (height - from) >> 1];
      const planes = new Float32Array(3 * from * from);
      for (let i = 0; i < planes.length; i++) {
        const [channel, y, x] = [Math.floor(i / from / from), Math.floor(i / from) % from, i % from];
        planes[i] = pixels.data[((top + y) * width + left + x) * 3 + channel] as number;
      }
      const expected = resizePlanes(planes, 3, from, side);
      const covered = coverSquare(pixels, side);
      expect([covered.width, covered.height, covered.channels]).to.deep.equal([side, side, 3]);
      covered.data.forEach((byte, i) => {
        const exact = expected[(i % 3) * side * side + Math.floor(i / 3)] as number;
        expect(Math.abs(byte - exact)).to.be.at.most(0.501);
      });
    });
  }

  it('returns a square of the wanted size as it is', () => {
    const pixels = noise(16, 16);
    expect(coverSquare(pixels, 16)).to.equal(pixels);
  });

  it('shows white through transparent pixels', () => {
    const data = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 51, 200, 200, 200, 128);
    const { data: seen } = coverSquare({ data, width: 2, height: 2, channels: 4 }, 2);
    expect([...seen]).to.deep.equal([10, 20, 30, 255, 255, 255, 204, 204, 204, 227, 227, 227]);
  });
});
