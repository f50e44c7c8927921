import { featureCount } from '../generator/index.js';
import { type DeviceProfile, profileIn } from '../profile/index.js';
import { optionCount } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { jsonIn } from './json.js';
import { essentialsIn, type ManifestEssentials, manifestFile } from './manifest.js';
import { hasPorts, type Ports, supernetIn } from './quick-read.js';
import type { BundleSource, ListedFile } from './source.js';
import { verifyFile } from './verify.js';

/** What subnets are made of and chosen by. */
export interface BundleParts {
  readonly supernet: Supernet;
  /** generator.onnx: `request` [batch, featureCount] to `utilities` [batch, optionCount]. */
  readonly generator: Uint8Array;
}

/** Names of the generator's input and output. */
export const generatorInput = 'request';
export const generatorOutput = 'utilities';

/** Of the predictor: classes [batch, classes] and one-hot choices [batch, options], to [batch, 1] each. */
export const predictorInputs = ['classes', 'architecture'] as const;
export const predictorOutputs = ['accuracy', 'deviation'] as const;

/** How far loading is. `totalBytes` are those of the files that are needed, not of the whole bundle. */
export interface LoadProgress {
  /** Bytes of the file arrived, or all of it did and is what the manifest lists. */
  readonly status: 'reading' | 'verified';
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** The file was kept from an earlier time: no network was needed. */
  readonly cached: boolean;
}

export interface LoadBundleOptions {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Once aborted, loading fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A bundle of which only the manifest was read so far. */
export class BundleReader {
  readonly #source: BundleSource;
  readonly #options: LoadBundleOptions;
  readonly #loaded = new Map<string, number>();
  #totalBytes = 0;
  #failure: unknown;

  /** See `open`. */
  constructor(
    source: BundleSource,
    readonly manifest: ManifestEssentials,
    options: LoadBundleOptions,
  ) {
    this.#source = source;
    this.#options = options;
  }

  /** @throws BundleError of manifest.json */
  static async open(source: BundleSource, options: LoadBundleOptions = {}): Promise<BundleReader> {
    const { signal } = options;
    signal?.throwIfAborted();
    const bytes = await source.read(manifestFile, { signal });
    const manifest = essentialsIn(bytes) ?? (await thorough()).parseManifest(bytes);
    return new BundleReader(source, manifest, options);
  }

  /** Names of the profiles: those of their files, without .json. */
  get devices(): readonly string[] {
    return this.manifest.profiles.map(deviceOf);
  }

  /** Says which profiles will be read, for the total of bytes. */
  expect(devices: readonly string[]): void {
    const { files, supernet, statistics, generator, profiles } = this.manifest;
    const needed = [supernet, statistics, generator, ...profiles.filter((file) => devices.includes(deviceOf(file)))];
    this.#totalBytes = needed.reduce((sum, file) => sum + (files[file] as ListedFile).bytes, 0);
  }

  /** @throws BundleError of its file, ProfileError */
  async profile(device: string): Promise<DeviceProfile> {
    const file = this.manifest.profiles.find((each) => deviceOf(each) === device) as string;
    const bytes = await this.#read(file);
    const { space } = this.manifest;
    const profile = profileIn(jsonIn(bytes), space);
    return profile?.name === device ? profile : (await thorough()).parseProfileFile(file, bytes, device, space);
  }

  /** What subnets are made of; all files at the same time. */
  async supernet(): Promise<BundleParts> {
    const { supernet, statistics, generator } = this.manifest;
    const read = await Promise.all([supernet, statistics, generator].map((file) => this.#read(file))).catch((error) => {
      this.#failure = error;
      throw error;
    });
    const [supernetBytes, statisticsBytes, generatorBytes] = read as [Uint8Array, Uint8Array, Uint8Array];
    await this.#check(generator, generatorBytes, generatorPorts(this.manifest));
    return {
      supernet:
        supernetIn(this.manifest, supernetBytes, statisticsBytes) ??
        (await thorough()).decodeSupernet(this.manifest, supernetBytes, statisticsBytes),
      generator: generatorBytes,
    };
  }

  /** Read when it is first needed; undefined where the bundle has none. @throws BundleError of its file */
  async predictor(): Promise<Uint8Array | undefined> {
    const { predictor } = this.manifest;
    if (predictor === undefined) return undefined;
    const bytes = await this.file(predictor);
    await this.#check(predictor, bytes, predictorPorts(this.manifest));
    return bytes;
  }

  /** A file that the manifest lists, when it is needed. @throws BundleError */
  async file(name: string): Promise<Uint8Array> {
    const listed = this.manifest.files[name] as ListedFile;
    const bytes = await this.#source.read(name, { listed });
    await verifyFile(name, bytes, listed);
    return bytes;
  }

  /** @throws BundleError if the model's inputs and outputs are others, or not [batch, width] each */
  async #check(file: string, bytes: Uint8Array, ports: Ports): Promise<void> {
    if (!hasPorts(bytes, ports)) (await thorough()).checkPorts(file, bytes, ports);
  }

  async #read(file: string): Promise<Uint8Array> {
    const { signal, onProgress } = this.#options;
    const listed = this.manifest.files[file] as ListedFile;
    let cached = false;
    const report = (status: LoadProgress['status'], bytes: number) => {
      // Of files that are read at the same time, one that fails ends the others.
      if (this.#failure) throw this.#failure;
      this.#loaded.set(file, Math.min(bytes, listed.bytes));
      const loadedBytes = [...this.#loaded.values()].reduce((sum, each) => sum + each, 0);
      onProgress?.({ status, file, loadedBytes, totalBytes: this.#totalBytes, cached });
    };
    signal?.throwIfAborted();
    const onBytes = (bytes: number, fromCache: boolean) => {
      cached = fromCache;
      report('reading', bytes);
    };
    const bytes = await this.#source.read(file, { signal, onBytes, listed });
    await verifyFile(file, bytes, listed);
    report('verified', bytes.length);
    return bytes;
  }
}

function deviceOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.json$/, '');
}

/** Says what is wrong, or reads what is merely unusual: pages load it for that only. */
const thorough = () => import('./thorough.js');

function generatorPorts({ space, classes }: ManifestEssentials): Ports {
  return {
    inputs: [[generatorInput, featureCount(space, classes.length)]],
    outputs: [[generatorOutput, optionCount(space)]],
  };
}

function predictorPorts({ space, classes }: ManifestEssentials): Ports {
  const [classesInput, architectureInput] = predictorInputs;
  return {
    inputs: [
      [classesInput, classes.length],
      [architectureInput, optionCount(space)],
    ],
    outputs: predictorOutputs.map((name) => [name, 1] as const),
  };
}
