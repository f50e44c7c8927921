import { Random } from '@easel/sdk/random';
import { checkRead, type Dataset, type DatasetOptions, type Split, type Tasks } from '../dataset.js';
import { PixelStore } from '../pixels.js';
import { hashOf } from '../sampler.js';
import { chooseTasks, readTasksFile } from '../tasks.js';
import { type GlyphAtlas, loadAtlas } from './atlas.js';
import { paintScene } from './scene.js';
import { drawShape } from './shape.js';

/** Images per split; the same number for every class, up to one. Many, since networks learn 24,000 of them by heart. */
const SIZES = { train: 96_000, validation: 4_000, test: 4_000 } as const;

/** Where no resolution is asked for. The atlas has as many pixels, so larger images look softer. */
const RESOLUTION = 32;

const DIGITS = '0123456789';
const UPPERCASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';

/** Alike characters (0 and O, 1, I and l, c and C ...) share the first task, but few of the others. */
const TASKS: Tasks = {
  all: [...DIGITS, ...UPPERCASE, ...LOWERCASE],
  digits: [...DIGITS],
  uppercase: [...UPPERCASE],
  lowercase: [...LOWERCASE],
  letters: [...UPPERCASE, ...LOWERCASE],
  vowels: [...'AEIOUaeiou'],
  hex: [...'0123456789ABCDEF'],
  binary: [...'01'],
  roman: [...'IVXLCDM'],
  /** As on many number plates: no I, O and Q. */
  plate: [...'0123456789ABCDEFGHJKLMNPRSTUVWXYZ'],
  dna: [...'ACGT'],
  compass: [...'NESW'],
  /** Squares and pieces of algebraic notation. */
  chess: [...'12345678abcdefghKQRBN'],
};

/**
 * Characters 0-9, A-Z and a-z of open fonts, distorted, coloured and put on backgrounds. Every image follows from the
 * seed, its split and its index alone; the splits share no font family. Images are drawn when they are first read.
 */
export async function openGlyphs(options: DatasetOptions = {}): Promise<Dataset> {
  const tasksFile = options.tasksFile === undefined ? undefined : await readTasksFile(options.tasksFile);
  const resolution = options.resolution ?? tasksFile?.resolution ?? RESOLUTION;
  const atlas = await loadAtlas();
  const tasks = chooseTasks(tasksFile, 'glyphs', atlas.characters, TASKS);
  const split = (name: keyof typeof SIZES) => glyphSplit(atlas, name, resolution, options.seed ?? 0);
  return {
    name: 'glyphs',
    classes: atlas.characters,
    tasks,
    resolution,
    horizontalFlip: false,
    train: split('train'),
    validation: split('validation'),
    test: split('test'),
  };
}

function glyphSplit(atlas: GlyphAtlas, name: keyof typeof SIZES, resolution: number, seed: number): Split {
  const size = SIZES[name];
  const fonts = [...atlas.fonts.keys()].filter((font) => atlas.fonts[font]?.split === name);
  const labels = Int32Array.from({ length: size }, (_, index) => index % atlas.characters.length);
  const draw = glyphPainter(atlas, resolution);
  const store = new PixelStore(size, resolution * resolution * 3);
  const isDrawn = new Uint8Array(size);
  return {
    size,
    labels,
    read(indices, target) {
      checkRead(indices, target, size, store.imageBytes);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] as number;
        const image = store.image(index);
        if (!isDrawn[index]) {
          const random = new Random(hashOf(`${seed}/${name}/${index}`));
          draw(random.pick(fonts), labels[index] as number, image, random);
          isDrawn[index] = 1;
        }
        target.set(image, i * store.imageBytes);
      }
    },
  };
}

/** Draws one image into `pixels`, [resolution, resolution, 3]. Below the atlas's resolution, larger and then averaged. */
function glyphPainter(atlas: GlyphAtlas, resolution: number) {
  const { cell, characters } = atlas;
  const area = cell * cell;
  const factor = Math.ceil(cell / resolution);
  const side = resolution * factor;
  const ink = new Float32Array(side * side);
  const scratch = new Float32Array(side * side);
  const large = factor > 1 ? new Uint8Array(side * side * 3) : undefined;
  return (font: number, character: number, pixels: Uint8Array, random: Random): void => {
    const start = (font * characters.length + character) * area;
    drawShape(atlas.ink.subarray(start, start + area), cell, ink, scratch, side, random);
    paintScene(ink, large ?? pixels, side, random);
    if (large) averageBlocks(large, factor, pixels, resolution);
  };
}

/** [resolution x factor, resolution x factor, 3] to [resolution, resolution, 3]. */
function averageBlocks(large: Uint8Array, factor: number, pixels: Uint8Array, resolution: number): void {
  for (let i = 0; i < resolution * resolution * 3; i++) {
    const channel = i % 3;
    const x = (Math.floor(i / 3) % resolution) * factor;
    const y = Math.floor(i / 3 / resolution) * factor;
    let sum = 0;
    for (let dy = 0; dy < factor; dy++) {
      const row = (y + dy) * resolution * factor + x;
      for (let dx = 0; dx < factor; dx++) sum += large[(row + dx) * 3 + channel] as number;
    }
    pixels[i] = sum / (factor * factor) + 0.5;
  }
}
