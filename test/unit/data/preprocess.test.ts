import { type AugmentationOptions, measureNormalization, type Split, toTensor } from '@easel/exporter/data';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

const SIDE = 8;
const AREA = SIDE * SIDE;
const NONE: AugmentationOptions = { cropPadding: 0, horizontalFlip: false, cutout: 0, scale: [1, 1], cutMix: 0 };
/** Makes toTensor the identity but for the layout. */
const IDENTITY = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** Every byte tells its image, place and channel, and none is 0. */
function countingPixels(count: number): Uint8Array {
  return Uint8Array.from({ length: count * AREA * 3 }, (_, i) => 1 + ((i * 37) % 255));
}

/** The value that a tensor has at (image, channel, y, x), straight from the definition. */
function pixelAt(pixels: Uint8Array, image: number, channel: number, y: number, x: number): number {
  return pixels[((image * SIDE + y) * SIDE + x) * 3 + channel] as number;
}

describe('toTensor', () => {
  it('normalizes and moves channels first', () => {
    const pixels = countingPixels(2);
    const normalization = { mean: [10, 20, 30], std: [2, 4, 5] } as const;
    const { shape, data } = toTensor(pixels, 2, SIDE, normalization);
    expect(shape).to.deep.equal([2, 3, SIDE, SIDE]);
    data.forEach((value, i) => {
      const channel = Math.floor(i / AREA) % 3;
      const byte = pixelAt(pixels, Math.floor(i / AREA / 3), channel, Math.floor((i % AREA) / SIDE), i % SIDE);
      const expected = (byte - (normalization.mean[channel] as number)) / (normalization.std[channel] as number);
      expect(value).to.be.closeTo(expected, 1e-5);
    });
  });

  it('shifts by up to the padding, and leaves the mean colour where the image ended', () => {
    const pixels = countingPixels(1);
    const shifts = new Set<string>();
    const random = new Random(1);
    for (let round = 0; round < 200; round++) {
      const { data } = toTensor(pixels, 1, SIDE, IDENTITY, { options: { ...NONE, cropPadding: 2 }, random });
      const shift = findShift(pixels, data, false);
      expect(shift, 'no shift explains the output').not.to.equal(undefined);
      shifts.add(shift as string);
    }
    expect(shifts.size).to.equal(25);
  });

  it('mirrors every other image', () => {
    const pixels = countingPixels(1);
    const random = new Random(2);
    let mirrored = 0;
    for (let round = 0; round < 200; round++) {
      const { data } = toTensor(pixels, 1, SIDE, IDENTITY, { options: { ...NONE, horizontalFlip: true }, random });
      if (findShift(pixels, data, true) === '0 0') mirrored++;
      else expect(findShift(pixels, data, false)).to.equal('0 0');
    }
    expect(mirrored).to.be.within(70, 130);
  });

  it('cuts out one square of the given side at most', () => {
    const pixels = countingPixels(1);
    const random = new Random(3);
    const sizes = new Set<number>();
    for (let round = 0; round < 200; round++) {
      const { data } = toTensor(pixels, 1, SIDE, IDENTITY, { options: { ...NONE, cutout: 4 }, random });
      const holes = [...data.keys()].filter((i) => data[i] === 0 && i < AREA);
      const rows = holes.map((i) => Math.floor(i / SIDE));
      const columns = holes.map((i) => i % SIDE);
      const height = Math.max(...rows) - Math.min(...rows) + 1;
      const width = Math.max(...columns) - Math.min(...columns) + 1;
      expect(height).to.be.within(2, 4);
      expect(width).to.be.within(2, 4);
      expect(holes.length, 'a full rectangle').to.equal(height * width);
      expect(data.filter((value) => value === 0).length, 'in all channels').to.equal(3 * holes.length);
      sizes.add(holes.length);
    }
    expect(sizes.has(16)).to.equal(true);
  });

  it('draws images smaller and larger around their centre, and repeats their edges', () => {
    // A disc of radius 3 in an image of side 16, bright on dark; its area tells the scale.
    const side = 16;
    const bright = (i: number) => Math.hypot((i % side) - 7.5, Math.floor(i / side) - 7.5) <= 3;
    const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => (bright(Math.floor(i / 3)) ? 210 : 10));
    const draw = (scale: readonly [number, number], random: Random) =>
      toTensor(pixels, 1, side, IDENTITY, { options: { ...NONE, scale }, random }).data;
    const ink = (data: Float32Array) => data.reduce((sum, value) => sum + (value - 10) / 200, 0) / 3;
    const own = ink(draw([1, 1], new Random(0)));
    for (const scale of [0.5, 0.8, 1.25, 2]) {
      const data = draw([scale, scale], new Random(0));
      expect(ink(data) / own, `scale ${scale}`).to.be.closeTo(scale ** 2, 0.12 * scale ** 2);
      expect(data[0], 'the edge goes on').to.equal(10);
    }
    const random = new Random(7);
    const areas = Array.from({ length: 300 }, () => ink(draw([0.5, 2], random)) / own);
    expect(Math.min(...areas)).to.be.within(0.2, 0.35);
    expect(Math.max(...areas)).to.be.within(3.3, 4.4);
    const smaller = areas.filter((area) => area < 1).length;
    expect(smaller, 'as often smaller as larger').to.be.within(110, 190);
  });

  it('draws no random number for a scale that does not vary', () => {
    const pixels = countingPixels(1);
    const options = { ...NONE, cropPadding: 2 };
    const [fixed, doubled] = [new Random(4), new Random(4)];
    toTensor(pixels, 1, SIDE, IDENTITY, { options, random: fixed });
    toTensor(pixels, 1, SIDE, IDENTITY, { options: { ...options, scale: [2, 2] }, random: doubled });
    expect(fixed.state).to.deep.equal(doubled.state);
  });

  it('is a function of its arguments and the random state', () => {
    const pixels = countingPixels(4);
    const options = { cropPadding: 2, horizontalFlip: true, cutout: 3, scale: [0.7, 1.3] as const, cutMix: 0 };
    const draw = (seed: number) => toTensor(pixels, 4, SIDE, IDENTITY, { options, random: new Random(seed) }).data;
    expect(draw(5)).to.deep.equal(draw(5));
    expect(draw(5)).not.to.deep.equal(draw(6));
  });

  it('averages areas for a smaller output and interpolates for a larger one', () => {
    const pixels = countingPixels(1);
    const half = toTensor(pixels, 1, SIDE, IDENTITY, undefined, SIDE / 2);
    expect(half.shape).to.deep.equal([1, 3, 4, 4]);
    const block = [
      [2, 4],
      [2, 5],
      [3, 4],
      [3, 5],
    ].map(([y, x]) => pixelAt(pixels, 0, 1, y as number, x as number));
    const mean = block.reduce((sum, value) => sum + value, 0) / 4;
    expect(half.data[16 + 1 * 4 + 2]).to.be.closeTo(mean, 1e-3);

    const flat = new Uint8Array(AREA * 3).fill(77);
    for (const resolution of [3, 5, 6, 7, 11, 16]) {
      const { data } = toTensor(flat, 1, SIDE, IDENTITY, undefined, resolution);
      expect(data.length).to.equal(3 * resolution * resolution);
      for (const value of data) expect(value).to.be.closeTo(77, 1e-3);
    }

    const double = toTensor(pixels, 1, SIDE, IDENTITY, undefined, 2 * SIDE);
    // Centre of output pixel 1 lies at 0.25 between source pixels 0 and 1.
    const expected = 0.75 * pixelAt(pixels, 0, 0, 0, 0) + 0.25 * pixelAt(pixels, 0, 0, 0, 1);
    expect(double.data[1]).to.be.closeTo(expected, 1e-3);
  });

  it('refuses fewer bytes than images', () => {
    expect(() => toTensor(new Uint8Array(10), 1, SIDE, IDENTITY)).to.throw(RangeError, '192');
  });
});

describe('measureNormalization', () => {
  it('agrees with the definition', () => {
    const pixels = countingPixels(70);
    const train: Split = {
      size: 70,
      labels: new Int32Array(70),
      read: (indices, target) => {
        for (let i = 0; i < indices.length; i++) {
          const index = indices[i] as number;
          target.set(pixels.subarray(index * AREA * 3, (index + 1) * AREA * 3), i * AREA * 3);
        }
      },
    };
    const dataset = {
      name: 'counting',
      classes: ['x'],
      tasks: { all: ['x'] },
      resolution: SIDE,
      horizontalFlip: true,
      train,
      validation: train,
      test: train,
    };
    const { mean, std } = measureNormalization(dataset);
    for (const channel of [0, 1, 2] as const) {
      const values = [...pixels].filter((_, i) => i % 3 === channel);
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
      expect(mean[channel]).to.be.closeTo(average, 1e-9);
      expect(std[channel]).to.be.closeTo(Math.sqrt(variance), 1e-9);
    }
    const { data } = toTensor(pixels, 70, SIDE, { mean, std });
    expect(data.reduce((sum, value) => sum + value, 0) / data.length).to.be.closeTo(0, 1e-4);
    expect(measureNormalization(dataset, 10)).not.to.deep.equal({ mean, std });
  });
});

/** "dx dy" such that output (x, y) is the image's (x + dx, y + dy), 0 outside; undefined if there is none. */
function findShift(pixels: Uint8Array, data: Float32Array, mirrored: boolean): string | undefined {
  for (let dy = -3; dy <= 3; dy++) {
    for (let dx = -3; dx <= 3; dx++) {
      const matches = data.every((value, i) => {
        const x = (i % SIDE) + dx;
        const y = (Math.floor(i / SIDE) % SIDE) + dy;
        const isInside = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
        return value === (isInside ? pixelAt(pixels, 0, Math.floor(i / AREA), y, mirrored ? SIDE - 1 - x : x) : 0);
      });
      if (matches) return `${dx} ${dy}`;
    }
  }
  return undefined;
}
