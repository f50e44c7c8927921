import { ImageError } from '../errors/index.js';
import type { Pixels } from './pixels.js';

/** @throws ImageError that says which property does not fit. */
export function assertPixels(image: unknown): asserts image is Pixels {
  const fail = (problem: string): never => {
    throw new ImageError('pixels', problem);
  };
  const { data, width, height, channels } = (image ?? {}) as Partial<Pixels>;
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) fail('data must be bytes (a Uint8Array)');
  for (const [name, extent] of Object.entries({ width, height })) {
    if (!Number.isInteger(extent) || (extent as number) < 1) fail(`${name} must be an integer above 0, got ${extent}`);
  }
  if (channels !== 3 && channels !== 4) fail(`channels must be 3 (RGB) or 4 (RGBA), got ${channels}`);
  const expected = (width as number) * (height as number) * (channels as number);
  const { length } = data as Uint8Array;
  if (length !== expected) fail(`${width} x ${height} x ${channels} needs ${expected} bytes, got ${length}`);
}
