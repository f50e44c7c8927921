import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '@easel/sdk/random';
import sharp from 'sharp';

const colours: Readonly<Record<string, readonly [number, number, number]>> = {
  blue: [20, 40, 200],
  green: [30, 170, 50],
  red: [210, 30, 30],
  yellow: [220, 200, 40],
};

export const smallTasks = { cold: ['blue', 'green'], warm: ['red', 'yellow'], all: Object.keys(colours) };

/** A search space that trains in seconds: 16 px, 20 subnets. */
const smallSpace = {
  name: 'speck-16',
  version: 1,
  resolutions: [16],
  stem: { channels: 8, stride: 2, activation: 'relu' },
  units: [
    {
      channels: 8,
      stride: 2,
      activation: 'relu',
      squeezeExcite: false,
      depths: [1, 2],
      kernels: [3, 5],
      expandRatios: [2, 4],
    },
  ],
  head: { channels: 16, activation: 'relu' },
};

/** Writes `images/` (train and test, noise around a colour per class), `tasks.json` and `space.json`. */
export async function writeSmallProject(directory: string): Promise<void> {
  const random = new Random(3);
  for (const [split, count] of Object.entries({ train: 24, test: 8 })) {
    for (const [name, colour] of Object.entries(colours)) {
      const folder = join(directory, 'images', split, name);
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < count; i++) await writeImage(join(folder, `${i}.png`), colour, random);
    }
  }
  await writeFile(join(directory, 'tasks.json'), JSON.stringify({ imageSize: [16, 16], tasks: smallTasks }));
  await writeFile(join(directory, 'space.json'), JSON.stringify(smallSpace));
}

async function writeImage(file: string, colour: readonly number[], random: Random): Promise<void> {
  const pixels = Buffer.alloc(16 * 16 * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.max(0, Math.min(255, (colour[i % 3] as number) + 40 * random.normal()));
  }
  await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } }).toFile(file);
}

/** Everything of `easel train` that makes it short. */
export const smallTraining = [
  ...['--data', 'images', '--tasks-file', 'tasks.json', '--space', 'space.json'],
  ...['--batch-size', '16', '--no-augmentation', '--threads', '1', '--evaluation-epochs', '0'],
  ...['--options', 'training.json'],
];

/** The file that `smallTraining` names. */
export async function writeTrainingOptions(directory: string, epochs: number): Promise<void> {
  const options = {
    epochs,
    finishingEpochs: 1,
    learningRate: 0.05,
    pool: { size: 2, uses: 50 },
    statistics: { architectures: 4, extremes: 2, collections: 1 },
  };
  await writeFile(join(directory, 'training.json'), JSON.stringify(options));
}
