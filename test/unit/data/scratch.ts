import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Split } from '@easel/exporter/data';
import { expect } from 'chai';
import sharp from 'sharp';
import { type Header, pack } from 'tar-stream';

/** Runs `use` with a new empty folder, and removes it. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-data-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export type Files = Record<string, Buffer>;

export async function writeFiles(folder: string, files: Files): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(folder, path), content);
    else await mkdir(join(folder, path), { recursive: true });
  }
  return folder;
}

/** A path that ends in "/" is a folder. @param more entries after the files */
export async function tarOf(
  files: Files,
  more: readonly (Partial<Header> & { name: string; content?: Buffer })[] = [],
): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) {
    archive.entry(name.endsWith('/') ? { name, type: 'directory' } : { name }, content);
  }
  for (const { content, ...header } of more) archive.entry(header, content ?? Buffer.alloc(0));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function writeTar(path: string, files: Files): Promise<string> {
  const tar = await tarOf(files);
  await writeFile(path, path.endsWith('gz') ? gzipSync(tar) : tar);
  return path;
}

export type Colour = { r: number; g: number; b: number };

export function image(
  colour: Colour,
  options: { width?: number; height?: number; format?: 'png' | 'jpeg' | 'webp' } = {},
) {
  const { width = 8, height = 8, format = 'png' } = options;
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .toFormat(format)
    .toBuffer();
}

/** Every image of a split. */
export function allPixels(split: Split, resolution: number): Uint8Array {
  const pixels = new Uint8Array(split.size * resolution * resolution * 3);
  split.read(
    Array.from({ length: split.size }, (_, i) => i),
    pixels,
  );
  return pixels;
}

export function digestOf(...parts: Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

// biome-ignore lint/suspicious/noExplicitAny: error classes differ in the parameters of their constructors
export type ErrorClass<E extends Error> = new (...parameters: any[]) => E;

/** Fails unless the promise is rejected with an error of this class; answers the error. */
export async function rejection<E extends Error>(promise: Promise<unknown>, errorClass: ErrorClass<E>): Promise<E> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(errorClass);
  return outcome as E;
}
