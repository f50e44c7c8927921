import { toTensor } from '@easel/exporter/data';
import { ImageError } from '@easel/sdk/errors';
import { imageTensor, type Normalization, type Pixels, resizePlanes } from '@easel/sdk/image';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

const normalization: Normalization = { mean: [100, 110, 120], std: [50, 60, 70] };
const plain: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

function randomPixels(width: number, height: number, channels: 3 | 4): Pixels {
  const random = new Random(width * 1000 + height);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(256));
  return { data, width, height, channels };
}

/** One channel of one value per pixel, in all three. */
function grey(rows: number[][]): Pixels {
  const data = Uint8Array.from(rows.flat().flatMap((value) => [value, value, value]));
  return { data, width: (rows[0] as number[]).length, height: rows.length, channels: 3 };
}

const red = (pixels: Pixels, resolution: number) =>
  [...imageTensor(pixels, resolution, plain).data].slice(0, resolution * resolution);

describe('imageTensor', () => {
  it('takes an image of the wanted size as it is: (byte - mean) / std, plane by plane', () => {
    const pixels = randomPixels(5, 5, 3);
    const { shape, data } = imageTensor(pixels, 5, normalization);
    expect(shape).to.deep.equal([1, 3, 5, 5]);
    for (let i = 0; i < 25; i++) {
      for (let channel = 0; channel < 3; channel++) {
        const byte = pixels.data[3 * i + channel] as number;
        const [mean, std] = [normalization.mean[channel] as number, normalization.std[channel] as number];
        expect(data[channel * 25 + i]).to.equal(Math.fround((byte - mean) / std));
      }
    }
  });

  for (const [from, to] of [
    [32, 32],
    [32, 24],
    [48, 32],
    [64, 16],
    [20, 33],
  ] as const) {
    it(`is what training makes of the same pixels: ${from} to ${to} px`, () => {
      const pixels = randomPixels(from, from, 3);
      const trained = toTensor(pixels.data as Uint8Array, 1, from, normalization, undefined, to);
      const { shape, data } = imageTensor(pixels, to, normalization);
      expect(shape).to.deep.equal(trained.shape);
      expect(data).to.deep.equal(trained.data);
    });
  }

  it('takes the square in the middle', () => {
    const wide = grey([
      [9, 1, 2, 9, 9],
      [9, 3, 4, 9, 9],
    ]);
    expect(red(wide, 2)).to.deep.equal([1, 2, 3, 4]);
    const tall = grey([[9], [7], [9]]);
    expect(red(tall, 1)).to.deep.equal([7]);
  });

  it('averages areas when it makes an image smaller', () => {
    const pixels = grey([
      [0, 10, 20, 30],
      [40, 50, 60, 70],
      [80, 90, 100, 110],
      [120, 130, 140, 150],
    ]);
    expect(red(pixels, 2)).to.deep.equal([25, 45, 105, 125]);
  });

  it('interpolates when it makes an image larger', () => {
    const pixels = grey([
      [0, 100],
      [0, 100],
    ]);
    expect(red(pixels, 4).slice(0, 4)).to.deep.equal([0, 25, 75, 100]);
  });

  it('shows white through transparent pixels', () => {
    const data = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 51, 200, 200, 200, 128);
    const seen = imageTensor({ data, width: 2, height: 2, channels: 4 }, 2, plain).data;
    expect([...seen.subarray(0, 4)]).to.deep.equal([10, 255, 204, 227]);
  });

  const malformed: [string, unknown, RegExp][] = [
    ['too few bytes', { ...randomPixels(4, 4, 3), width: 5 }, /5 x 4 x 3 needs 60 bytes, got 48/],
    ['no width', { data: new Uint8Array(12), height: 2, channels: 3 }, /width must be .* got undefined/],
    ['a height of 0', { data: new Uint8Array(0), width: 2, height: 0, channels: 3 }, /height must be .* got 0/],
    [
      'a fractional width',
      { data: new Uint8Array(9), width: 1.5, height: 2, channels: 3 },
      /width must be .* got 1\.5/,
    ],
    ['one channel', { data: new Uint8Array(4), width: 2, height: 2, channels: 1 }, /channels must be 3 .* got 1/],
    ['a list of numbers', { data: [1, 2, 3], width: 1, height: 1, channels: 3 }, /data must be bytes/],
    ['null', null, /data must be bytes/],
  ];
  for (const [what, pixels, message] of malformed) {
    it(`refuses ${what}`, () => {
      expect(() => imageTensor(pixels as Pixels, 4, plain)).to.throw(ImageError, message);
    });
  }
});

describe('resizePlanes', () => {
  it('averages all the pixels that a smaller one covers, not only those around its centre', () => {
    // A row of 9, 0, 0 twice: whoever looks at the middle alone sees nothing.
    const rows = Float32Array.from({ length: 36 }, (_, i) => (i % 3 === 0 ? 9 : 0));
    expect([...resizePlanes(rows, 1, 6, 2)]).to.deep.equal([3, 3, 3, 3]);
    const [first, second] = resizePlanes(Float32Array.of(6, 0, 0, 6, 0, 0, 6, 0, 0), 1, 3, 2);
    // One and a half pixels each.
    expect(first).to.be.closeTo(4, 1e-5);
    expect(second).to.be.closeTo(0, 1e-5);
  });
});
