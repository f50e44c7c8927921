import { drawPatches, pastePatches } from '@easel/exporter/data';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';

const SIDE = 16;

describe('drawPatches', () => {
  const random = new Random(7);
  const patches = Array.from({ length: 200 }, () => drawPatches(10, SIDE, 0.3, random)).flat();
  const drawn = patches.flatMap((patch) => patch ?? []);

  it('gives as many images a patch as asked', () => {
    expect(drawn.length / patches.length).to.be.closeTo(0.3, 0.03);
    expect(drawPatches(50, SIDE, 0, random).every((patch) => patch === undefined)).to.equal(true);
    expect(drawPatches(50, SIDE, 1, random).filter((patch) => patch !== undefined).length).to.be.above(45);
  });

  it('stays within the image, and states its area', () => {
    for (const { from, left, top, right, bottom, share } of drawn) {
      expect(from).to.be.within(0, 9);
      for (const place of [left, top, right, bottom]) {
        expect(place).to.be.within(0, SIDE);
        expect(Number.isInteger(place)).to.equal(true);
      }
      expect(share).to.equal(((right - left) * (bottom - top)) / SIDE ** 2);
    }
  });

  it('draws small and large ones, from every image', () => {
    const shares = drawn.map(({ share }) => share).sort((a, b) => a - b);
    // Uniform areas, of which those at the border lose a part.
    expect(shares[Math.floor(shares.length / 10)]).to.be.below(0.1);
    expect(shares[Math.floor(shares.length / 2)]).to.be.within(0.2, 0.5);
    expect(shares.at(-1)).to.be.above(0.8);
    expect(new Set(drawn.map(({ from }) => from)).size).to.equal(10);
  });
});

describe('pastePatches', () => {
  it('takes exactly the rectangle, from the others as they were before', () => {
    const image = 3 * SIDE * SIDE;
    const images = Float32Array.from({ length: 2 * image }, (_, i) => i);
    const before = images.slice();
    // Two images that take from each other.
    const patch = { left: 2, top: 5, right: 9, bottom: 6, share: 7 / SIDE ** 2 };
    const other = { left: 0, top: 0, right: SIDE, bottom: SIDE, share: 1 };
    pastePatches(images, SIDE, [
      { from: 1, ...patch },
      { from: 0, ...other },
    ]);
    before.forEach((value, i) => {
      const x = i % SIDE;
      const y = Math.floor(i / SIDE) % SIDE;
      const inside = i < image && y === 5 && x >= 2 && x < 9;
      const expected = inside ? before[i + image] : i >= image ? before[i - image] : value;
      expect(images[i]).to.equal(expected);
    });
  });

  it('leaves images without a patch alone', () => {
    const images = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => i);
    const before = images.slice();
    pastePatches(images, SIDE, [undefined]);
    expect(images).to.deep.equal(before);
  });
});
