import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { DatasetError } from '../../errors/index.js';

/** Pictures of characters, one row per font family: assets/glyphs. */
export interface GlyphAtlas {
  /** Every character is a class. */
  readonly characters: readonly string[];
  /** Side of a cell in pixels. */
  readonly cell: number;
  readonly fonts: readonly Font[];
  /** Ink, 0 to 1: [fonts, characters, cell, cell]. */
  readonly ink: Float32Array;
}

export interface Font {
  readonly family: string;
  readonly kind: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly license: string;
  readonly package: string;
}

const FOLDER = new URL('../../../assets/glyphs/', import.meta.url);

const schema = v.object({
  characters: v.string(),
  cell: v.number(),
  fonts: v.array(
    v.object({
      family: v.string(),
      kind: v.string(),
      split: v.picklist(['train', 'validation', 'test']),
      license: v.string(),
      package: v.string(),
    }),
  ),
});

let loading: Promise<GlyphAtlas> | undefined;

/** The atlas that comes with this package; loaded once. */
export function loadAtlas(): Promise<GlyphAtlas> {
  loading ??= readAtlas().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function readAtlas(): Promise<GlyphAtlas> {
  const { default: sharp } = await import('sharp');
  const description = v.parse(schema, JSON.parse(await readFile(new URL('fonts.json', FOLDER), 'utf8')));
  const { cell, fonts } = description;
  const characters = [...description.characters];
  const { data, info } = await sharp(await readFile(new URL('atlas.png', FOLDER)))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== characters.length * cell || info.height !== fonts.length * cell) {
    throw new DatasetError(
      FOLDER.pathname,
      `atlas.png is ${info.width} x ${info.height}, which fonts.json contradicts`,
    );
  }
  const ink = new Float32Array(data.length / info.channels);
  let to = 0;
  for (let font = 0; font < fonts.length; font++) {
    for (let character = 0; character < characters.length; character++) {
      for (let y = 0; y < cell; y++) {
        const row = ((font * cell + y) * info.width + character * cell) * info.channels;
        for (let x = 0; x < cell; x++) ink[to++] = (data[row + x * info.channels] as number) / 255;
      }
    }
  }
  return { characters, cell, fonts, ink };
}
