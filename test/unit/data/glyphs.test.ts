import { stat } from 'node:fs/promises';
import { type Dataset, openDataset, type Split } from '@easel/exporter/data';
import { loadAtlas } from '@easel/exporter/data/glyphs';
import { InvalidRequestError } from '@easel/sdk/errors';
import { expect } from 'chai';
import { digestOf } from './scratch.js';

const IMAGE_BYTES = 32 * 32 * 3;

function pixelsOf(split: Split, indices: readonly number[], imageBytes = IMAGE_BYTES): Uint8Array {
  const pixels = new Uint8Array(indices.length * imageBytes);
  split.read(indices, pixels);
  return pixels;
}

describe('glyph atlas', () => {
  it('has at least 40 families, each with license and package, and splits that share none', async () => {
    const { fonts, characters } = await loadAtlas();
    expect(new Set(fonts.map((font) => font.family)).size).to.equal(fonts.length);
    expect(fonts.length).to.be.at.least(40);
    expect(characters.join('')).to.match(/^0-?1.*9A.*Za.*z$/);
    expect(new Set(characters).size).to.equal(62);
    for (const font of fonts) {
      expect(font.license, font.family).not.to.equal('');
      expect(font.package).to.match(/^fonts-/);
    }
    for (const split of ['train', 'validation', 'test']) {
      const kinds = new Set(fonts.filter((font) => font.split === split).map((font) => font.kind));
      expect(kinds.size, `${split} has every kind of font`).to.equal(5);
    }
  });

  it('is at most 2 MB, and no character in it is empty or cut off', async () => {
    const file = new URL('../../../../exporter/assets/glyphs/atlas.png', import.meta.url);
    expect((await stat(file)).size).to.be.at.most(2_000_000);
    const { ink, cell, fonts, characters } = await loadAtlas();
    const area = cell * cell;
    expect(ink.length).to.equal(fonts.length * 62 * area);
    for (let start = 0; start < ink.length; start += area) {
      const name = `${fonts[Math.floor(start / area / 62)]?.family} ${characters[(start / area) % 62]}`;
      const glyph = ink.subarray(start, start + area);
      expect(
        glyph.reduce((sum, value) => sum + value, 0),
        name,
      ).to.be.greaterThan(8);
      const edge = glyph.filter((_, i) => i % cell === 0 || i % cell === cell - 1 || i < cell || i >= area - cell);
      expect(Math.max(...edge), name).to.equal(0);
    }
  });
});

describe('glyphs', () => {
  let dataset: Dataset;
  before(async () => {
    dataset = await openDataset('glyphs');
  });

  it('has 62 classes in equal shares, and tasks of known classes', () => {
    expect(dataset.classes.length).to.equal(62);
    expect(dataset.resolution).to.equal(32);
    expect(dataset.horizontalFlip).to.equal(false);
    for (const split of [dataset.train, dataset.validation, dataset.test]) {
      const counts = new Array<number>(62).fill(0);
      for (const label of split.labels) counts[label] = (counts[label] as number) + 1;
      expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
      expect(Math.min(...counts)).to.be.at.least(60);
    }
    for (const [task, classes] of Object.entries(dataset.tasks)) {
      expect(new Set(classes).size, task).to.equal(classes.length);
      expect(dataset.classes, task).to.include.members([...classes]);
    }
    expect(Object.keys(dataset.tasks)).to.include.members(['digits', 'uppercase', 'lowercase', 'vowels', 'hex']);
    expect(dataset.tasks.digits?.join('')).to.equal('0123456789');
  });

  it('draws each image from the seed, the split and its index alone', async () => {
    const forwards = pixelsOf(dataset.train, [0, 1, 2, 700, 23_999]);
    const again = await openDataset('glyphs', { seed: 0 });
    const backwards = pixelsOf(again.train, [23_999, 700, 2, 1, 0]);
    const image = (pixels: Uint8Array, i: number) => digestOf(pixels.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES));
    for (let i = 0; i < 5; i++) expect(image(forwards, i)).to.equal(image(backwards, 4 - i));
    const kept = pixelsOf(dataset.train, [0, 1, 2, 700, 23_999]);
    expect(digestOf(kept)).to.equal(digestOf(forwards));

    const otherSeed = await openDataset('glyphs', { seed: 1 });
    expect(digestOf(pixelsOf(otherSeed.train, [0]))).not.to.equal(digestOf(pixelsOf(dataset.train, [0])));
    expect(digestOf(pixelsOf(dataset.test, [0]))).not.to.equal(digestOf(pixelsOf(dataset.train, [0])));
    const images = new Set(Array.from({ length: 124 }, (_, i) => digestOf(pixelsOf(dataset.train, [i]))));
    expect(images.size).to.equal(124);
  });

  it('shows the character of the label: the mean shape of that character matches far more often than by chance', async () => {
    const atlas = await loadAtlas();
    const means = dataset.classes.map((_, label) => standardized(meanCell(atlas.ink, label, atlas.fonts.length)));
    const indices = Array.from({ length: 620 }, (_, i) => i);
    const pixels = pixelsOf(dataset.test, indices);
    let right = 0;
    for (const image of indices) {
      const grey = standardized(greyOf(pixels.subarray(image * IMAGE_BYTES, (image + 1) * IMAGE_BYTES)));
      // Light on dark is as good as dark on light.
      const scores = means.map((mean) =>
        Math.abs(grey.reduce((sum, value, i) => sum + value * (mean[i] as number), 0)),
      );
      if (scores.indexOf(Math.max(...scores)) === dataset.test.labels[image]) right++;
    }
    // Chance is 10 of 620. Neither place, slant nor background is compensated for.
    expect(right).to.be.greaterThan(120);
  });

  it('comes in other resolutions', async () => {
    for (const resolution of [16, 24, 48]) {
      const other = await openDataset('glyphs', { resolution });
      const grey = pixelsOf(other.validation, [0, 1, 2, 3], resolution * resolution * 3);
      expect(new Set(grey).size).to.be.greaterThan(40);
    }
  });

  it('refuses an index outside the split, a small target and bad options', async () => {
    expect(() => pixelsOf(dataset.test, [4000])).to.throw(RangeError, '4000');
    expect(() => dataset.test.read([-1], new Uint8Array(IMAGE_BYTES))).to.throw(RangeError);
    expect(() => dataset.test.read([0, 1], new Uint8Array(IMAGE_BYTES))).to.throw(RangeError, '6144');
    for (const options of [{ resolution: 0 }, { resolution: 31.5 }, { seed: Number.NaN }, { validationFraction: 1 }]) {
      const error = await openDataset('glyphs', options).catch((e) => e);
      expect(error, JSON.stringify(options)).to.be.instanceOf(InvalidRequestError);
    }
  });
});

function meanCell(ink: Float32Array, label: number, fonts: number): Float32Array {
  const mean = new Float32Array(1024);
  for (let font = 0; font < fonts; font++) {
    const start = (font * 62 + label) * 1024;
    for (let i = 0; i < 1024; i++) mean[i] = (mean[i] as number) + (ink[start + i] as number) / fonts;
  }
  return mean;
}

function greyOf(pixels: Uint8Array): Float32Array {
  return Float32Array.from({ length: 1024 }, (_, i) => {
    const [red, green, blue] = pixels.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  });
}

function standardized(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const norm = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  return values.map((value) => (value - mean) / norm);
}
