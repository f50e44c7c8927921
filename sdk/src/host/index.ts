import type { BundleSource } from '../bundle/source.js';
import type { ImageInput, Pixels } from '../image/index.js';
import type { DeviceProfile } from '../profile/index.js';
import type { Execution, Runtime } from '../runtime/index.js';

/** What differs between Node and browsers. package.json's import `#host` leads to the one at hand. */
export interface Host {
  readonly runtime: Runtime;
  openBundle(location: string | URL, options: { readonly cache?: boolean | undefined }): BundleSource;
  /**
   * Decodes an image at its own resolution, or at least the largest square in its middle.
   * @throws ImageError that names the image
   */
  readImage(image: ImageInput): Promise<Pixels>;
  /** Of a path or URL. */
  readFile(location: string): Promise<Uint8Array>;
  /** What subnets run on here, as profiles tell it. The runtime must have been started. */
  describe(execution: Execution): Promise<Pick<DeviceProfile, 'device' | 'runtime'>>;
  /** What to make of several threads beside one; absent where ONNX Runtime starts with one number of threads only. */
  threadsApart?(): Promise<typeof import('../profiling/unsteady.js')>;
  /** Notes from one run to the next, by name; where none can be kept, nothing is found. Neither ever fails. */
  readNote(name: string): Promise<string | undefined>;
  writeNote(name: string, text: string): Promise<void>;
}
