import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { Easel } from '@easel/sdk';
import sharp from 'sharp';
import { type Benchmark, rounded } from './benchmark.js';
import { parseFlags, UsageError, wholeNumber } from './support/flags.js';
import { inChromium } from './support/host.js';
import { classifyFiles } from './support/subnet-timing.js';

const wanted = 0.995;

/** Sizes that a test image is stored at: its own, and others that both hosts have to scale. */
const sizes = [undefined, { width: 150, height: 120 }, { width: 61, height: 97 }] as const;

export const benchmark: Benchmark = {
  summary: 'the first class of test images (--data) as JPEG files in Node and in Chromium',

  async run(args) {
    const values = parseFlags(args, {
      data: { type: 'string' },
      bundle: { type: 'string', default: 'examples/bundles/cifar10' },
      images: { type: 'string', default: '3000' },
    });
    if (values.data === undefined)
      throw new UsageError('--data FOLDER, .tar or CIFAR files: the test images to compare');
    const folder = await mkdtemp(join(tmpdir(), 'easel-agreement-'));
    try {
      const names = await writeImages(values.data, folder, wholeNumber('images', values.images));
      console.log(`${names.length} JPEG files of ${values.data}, ${sizes.length} sizes, the largest subnet:`);
      const easel = await Easel.load(values.bundle);
      const node = await classifyFiles(easel, (name) => join(folder, name), names);
      await easel.dispose();
      const page = await inChromium(values.bundle, 'classify', [names], { '/images/': folder });
      const alike = node.filter(({ className }, i) => className === page[i]?.className).length / names.length;
      const difference = Math.max(
        ...node.map(({ probability }, i) => Math.abs(probability - (page[i]?.probability ?? 0))),
      );
      console.log(`  the same first class: ${(100 * alike).toFixed(2)} % (wanted: ${100 * wanted} %)`);
      console.log(`  its probability differs by at most ${difference.toFixed(4)}`);
      return { images: names.length, same_top1: rounded(alike, 5), largest_difference: rounded(difference, 5) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function writeImages(data: string, folder: string, most: number): Promise<string[]> {
  const { test, resolution } = await openDataset(data);
  const bytes = resolution * resolution * 3;
  const count = Math.min(most, test.size);
  await mkdir(folder, { recursive: true });
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const pixels = new Uint8Array(bytes);
    test.read([i], pixels);
    const image = sharp(pixels, { raw: { width: resolution, height: resolution, channels: 3 } });
    const size = sizes[i % sizes.length];
    const name = `${i}.jpg`;
    await writeFile(
      join(folder, name),
      await (size ? image.resize({ ...size, fit: 'fill' }) : image).jpeg().toBuffer(),
    );
    names.push(name);
  }
  return names;
}
