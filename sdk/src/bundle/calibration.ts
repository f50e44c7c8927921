import { BundleError } from '../errors/index.js';
import type { BundleReader } from './load.js';

/** Images that a subnet's own batch-norm statistics are taken from. */
export interface CalibrationImages {
  readonly images: number;
  /** Side, in px. */
  readonly resolution: number;
  /** RGB, `[images, resolution, resolution, 3]` */
  readonly bytes: Uint8Array;
}

/**
 * A bundle's calibration images, bytes [images, resolution, resolution, 3]; undefined where it has none.
 * @throws BundleError of their file
 */
export async function calibrationImages(reader: BundleReader): Promise<CalibrationImages | undefined> {
  const { calibration } = reader.manifest;
  if (!calibration) return undefined;
  const { file, images, resolution } = calibration;
  const bytes = await reader.file(file);
  const expected = images * resolution * resolution * 3;
  if (bytes.length !== expected) {
    throw new BundleError(file, `has ${bytes.length} bytes; ${images} images of ${resolution} px have ${expected}`);
  }
  return { images, resolution, bytes };
}
