import type { BundleSource } from '../bundle/source.js';
import type { Pixels } from '../image/index.js';
import type { Runtime } from '../runtime/index.js';

/** What differs between Node and browsers. package.json's import `#host` leads to the one at hand. */
export interface Host {
  readonly runtime: Runtime;
  openBundle(location: string): BundleSource;
  /**
   * @param encoded where the image lies, or the bytes of a JPEG, PNG or WebP
   * @param side the square's side in px that the image will be used at; larger images may be scaled down to it
   * @throws ImageError that names the image
   */
  decodeImage(encoded: string | URL | Uint8Array, side: number): Promise<Pixels>;
  /** @throws ProfileError that names the file */
  readProfile(location: string): Promise<unknown>;
}
