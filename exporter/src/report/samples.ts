import sharp from 'sharp';
import { type Dataset, spreadEvenly } from '../data/index.js';
import { imagesByClass } from '../data/sampler.js';
import type { ClassSample } from './page.js';

const PER_CLASS = 8;

/** Of every class some images of the train split, spread evenly over it, side by side. */
export async function classSamples({ train, classes, resolution }: Dataset): Promise<ClassSample[]> {
  const byClass = imagesByClass(train.labels);
  const samples: ClassSample[] = [];
  for (const [label, className] of classes.entries()) {
    const all = byClass[label] ?? new Int32Array();
    const indices = Array.from(spreadEvenly(all.length, PER_CLASS), (index) => all[index] as number);
    samples.push({
      className,
      images: all.length,
      source: indices.length > 0 ? await strip(indices, { train, resolution }) : '',
    });
  }
  return samples;
}

async function strip(indices: readonly number[], { train, resolution }: Pick<Dataset, 'train' | 'resolution'>) {
  const row = resolution * 3;
  const images = new Uint8Array(indices.length * resolution * row);
  train.read(indices, images);
  // From one image after the other to one row of all images after the other.
  const pixels = new Uint8Array(images.length);
  for (let image = 0; image < indices.length; image++) {
    for (let y = 0; y < resolution; y++) {
      const from = (image * resolution + y) * row;
      pixels.set(images.subarray(from, from + row), (y * indices.length + image) * row);
    }
  }
  const raw = { width: indices.length * resolution, height: resolution, channels: 3 } as const;
  const file = await sharp(pixels, { raw }).webp({ quality: 80 }).toBuffer();
  return `data:image/webp;base64,${file.toString('base64')}`;
}
