import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDataset } from '@easel/exporter/data';
import { ImageError } from '@easel/sdk/errors';
import { coverSquare } from '@easel/sdk/image';
import { decodeImageFile } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import sharp from 'sharp';
import { withDirectory } from '../../fixtures/bundle.js';
import { rejection } from '../../fixtures/rejection.js';

/** Smooth colours, so that JPEG keeps them. */
function picture(width: number, height: number): Promise<Buffer> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [(pixel % width) * 5, Math.floor(pixel / width) * 4, 90][i % 3] as number;
  });
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

describe('decodeImageFile', () => {
  it('reads a path, a URL and bytes alike', () =>
    withDirectory(async (directory) => {
      const bytes = await picture(16, 16);
      const path = join(directory, 'a picture.png');
      await writeFile(path, bytes);
      const expected = await sharp(bytes).raw().toBuffer();
      const url = pathToFileURL(path);
      const dataUrl = `data:image/png;base64,${bytes.toString('base64')}`;
      const forms = [
        path,
        url,
        url.href,
        bytes,
        new Uint8Array(bytes),
        new Blob([new Uint8Array(bytes)]),
        dataUrl,
        new URL(dataUrl),
      ];
      for (const input of forms) {
        const pixels = await decodeImageFile(input);
        expect([pixels.width, pixels.height, pixels.channels]).to.deep.equal([16, 16, 3]);
        expect(Buffer.from(pixels.data)).to.deep.equal(expected);
      }
    }));

  it('decodes, crops and scales exactly as training reads an image folder', () =>
    withDirectory(async (directory) => {
      const random = new Random(4);
      const images = new Map<string, Buffer>();
      for (const split of ['train', 'test']) {
        for (const className of ['ant', 'bee']) {
          await mkdir(join(directory, split, className), { recursive: true });
          for (let i = 0; i < 2; i++) {
            const file = join(directory, split, className, `${i}.jpg`);
            const image = sharp(await picture(20 + random.integer(30), 20 + random.integer(30)));
            images.set(file, await image.jpeg().toBuffer());
            await writeFile(file, images.get(file) as Buffer);
          }
        }
      }
      const { test } = await openDataset(directory, { resolution: 24, cacheFolder: null });
      const trained = new Uint8Array(test.size * 24 * 24 * 3);
      test.read([...test.labels.keys()], trained);
      const files = ['ant/0', 'ant/1', 'bee/0', 'bee/1'].map((name) => join(directory, 'test', `${name}.jpg`));
      for (const [i, file] of files.entries()) {
        const { data } = coverSquare(await decodeImageFile(file), 24);
        const start = i * 24 * 24 * 3;
        expect(Buffer.from(data)).to.deep.equal(Buffer.from(trained.subarray(start, start + 24 * 24 * 3)));
      }
    }));

  it('turns grey, transparent and rotated images into upright RGB', async () => {
    const grey = await sharp(await picture(8, 8))
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await decodeImageFile(grey)).channels).to.equal(3);
    const clear = { create: { width: 4, height: 4, channels: 4 as const, background: { r: 0, g: 0, b: 0, alpha: 0 } } };
    const transparent = await decodeImageFile(await sharp(clear).png().toBuffer());
    expect([...new Set(transparent.data)]).to.deep.equal([255]);
    const turned = await sharp(await picture(8, 8))
      .withMetadata({ orientation: 3 })
      .png()
      .toBuffer();
    const upright = await sharp(await picture(8, 8))
      .rotate(180)
      .raw()
      .toBuffer();
    expect(Buffer.from((await decodeImageFile(turned)).data)).to.deep.equal(upright);
  });

  it('names a file that is missing', async () => {
    const error = await rejection(decodeImageFile('/no/such/cat.jpg'), ImageError);
    expect(error.message).to.equal('/no/such/cat.jpg: no such file');
  });

  it('names an image inside its address by the beginning of it', async () => {
    const error = await rejection(decodeImageFile(`data:image/png;base64,${'A'.repeat(10_000)}`), ImageError);
    expect(error.message).to.match(/^data:image\/png;base64,A+\.\.\.: cannot be decoded/);
    expect(error.message.length).to.be.below(500);
  });

  it('names a file that is a folder', () =>
    withDirectory(async (directory) => {
      const error = await rejection(decodeImageFile(directory), ImageError);
      expect(error.image).to.equal(directory);
    }));

  it('names a file that is truncated, empty or no image', () =>
    withDirectory(async (directory) => {
      const jpeg = await sharp(await picture(64, 64))
        .jpeg()
        .toBuffer();
      const png = await picture(64, 64);
      for (const bytes of [
        jpeg.subarray(0, jpeg.length >> 1),
        png.subarray(0, png.length >> 1),
        Buffer.of(),
        Buffer.from('hello'),
      ]) {
        const path = join(directory, 'broken');
        await writeFile(path, bytes);
        const error = await rejection(decodeImageFile(path), ImageError);
        expect(error.message).to.match(/broken: cannot be decoded \(.+\)$/);
        expect((await rejection(decodeImageFile(bytes), ImageError)).image).to.equal(`image of ${bytes.length} bytes`);
      }
    }));
});
