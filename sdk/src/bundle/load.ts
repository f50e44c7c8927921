import { BundleError } from '../errors/index.js';
import { featureCount } from '../generator/index.js';
import { type DeviceProfile, parseProfile } from '../profile/index.js';
import { optionCount } from '../space/index.js';
import type { Supernet } from '../subnet/index.js';
import { type Manifest, manifestFile, parseManifest } from './manifest.js';
import type { BundleSource, ListedFile } from './source.js';
import { decodeStatistics } from './statistics.js';
import { verifyFile } from './verify.js';
import { decodeBundleModel, decodeWeights } from './weights.js';

/** A bundle in memory: checked against the manifest, and decoded. */
export interface Bundle {
  readonly location: string;
  readonly manifest: Manifest;
  readonly supernet: Supernet;
  /** generator.onnx: `request` [batch, featureCount] to `utilities` [batch, optionCount]. */
  readonly generator: Uint8Array;
  /** predictor.onnx; see `predictorInputs`. */
  readonly predictor: Uint8Array | undefined;
  /** By name. */
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
}

/** Images that a subnet's own batch-norm statistics are taken from. */
export interface CalibrationImages {
  readonly images: number;
  /** Side, in px. */
  readonly resolution: number;
  /** RGB, `[images, resolution, resolution, 3]` */
  readonly bytes: Uint8Array;
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

/**
 * Reads and checks a whole bundle.
 *
 * @throws BundleError that names the file which is missing, truncated, altered or malformed
 * @throws ProfileError if a profile is malformed or was measured for another search space
 */
export async function loadBundle(source: BundleSource, options: LoadBundleOptions = {}): Promise<Bundle> {
  const reader = await BundleReader.open(source, options);
  const { manifest, devices } = reader;
  reader.expect(devices);
  const [parts, ...profiles] = await Promise.all([
    reader.supernet(),
    ...devices.map((device) => reader.profile(device)),
  ]);
  return {
    location: source.location,
    manifest,
    ...parts,
    predictor: await reader.predictor(),
    profiles: new Map(profiles.map((each) => [each.name, each])),
  };
}

/** A bundle of which only the manifest was read so far. */
export class BundleReader {
  readonly #source: BundleSource;
  readonly #options: LoadBundleOptions;
  readonly #loaded = new Map<string, number>();
  #totalBytes = 0;

  private constructor(
    source: BundleSource,
    readonly manifest: Manifest,
    options: LoadBundleOptions,
  ) {
    this.#source = source;
    this.#options = options;
  }

  /** @throws BundleError of manifest.json */
  static async open(source: BundleSource, options: LoadBundleOptions = {}): Promise<BundleReader> {
    const { signal } = options;
    signal?.throwIfAborted();
    return new BundleReader(source, parseManifest(await source.read(manifestFile, { signal })), options);
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
    const profile = parseProfile(parseJson(file, await this.#read(file)), this.manifest.space);
    if (profile.name !== device) {
      throw new BundleError(file, `holds the profile "${profile.name}"; a profile's file must bear its name`);
    }
    return profile;
  }

  /** What subnets are made of; all files at the same time. */
  async supernet(): Promise<Pick<Bundle, 'supernet' | 'generator'>> {
    const { space, classes, supernet, statistics, generator } = this.manifest;
    const read = await Promise.all([supernet, statistics, generator].map((file) => this.#read(file)));
    const [supernetBytes, statisticsBytes, generatorBytes] = read as [Uint8Array, Uint8Array, Uint8Array];
    checkModel(generator, generatorBytes, {
      inputs: [[generatorInput, featureCount(space, classes.length)]],
      outputs: [[generatorOutput, optionCount(space)]],
    });
    return {
      supernet: {
        space,
        weights: decodeWeights(supernet, supernetBytes, space, classes.length),
        statistics: decodeStatistics(statistics, statisticsBytes, space),
      },
      generator: generatorBytes,
    };
  }

  /** Read when it is first needed; undefined where the bundle has none. @throws BundleError of its file */
  async predictor(): Promise<Uint8Array | undefined> {
    const { predictor, files, space, classes } = this.manifest;
    if (predictor === undefined) return undefined;
    const listed = files[predictor] as ListedFile;
    const bytes = await this.#source.read(predictor, { listed });
    await verifyFile(predictor, bytes, listed);
    checkModel(predictor, bytes, {
      inputs: [
        [predictorInputs[0], classes.length],
        [predictorInputs[1], optionCount(space)],
      ],
      outputs: predictorOutputs.map((name) => [name, 1] as const),
    });
    return bytes;
  }

  /**
   * Read when they are needed: bytes [images, resolution, resolution, 3]; undefined where the bundle has none.
   * @throws BundleError of their file
   */
  async calibration(): Promise<CalibrationImages | undefined> {
    const { calibration, files } = this.manifest;
    if (!calibration) return undefined;
    const { file, images, resolution } = calibration;
    const listed = files[file] as ListedFile;
    const bytes = await this.#source.read(file, { listed });
    await verifyFile(file, bytes, listed);
    const expected = images * resolution * resolution * 3;
    if (bytes.length !== expected) {
      throw new BundleError(file, `has ${bytes.length} bytes; ${images} images of ${resolution} px have ${expected}`);
    }
    return { images, resolution, bytes };
  }

  async #read(file: string): Promise<Uint8Array> {
    const { signal, onProgress } = this.#options;
    const listed = this.manifest.files[file] as ListedFile;
    let cached = false;
    const report = (status: LoadProgress['status'], bytes: number) => {
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

function parseJson(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new BundleError(file, `is not JSON (${(cause as Error).message})`, { cause });
  }
}

/** Names, and how many numbers per row of the batch. */
type Ports = readonly (readonly [name: string, width: number])[];

/** @throws BundleError if the model's inputs and outputs are others, or not [batch, width] each */
function checkModel(file: string, bytes: Uint8Array, expected: { inputs: Ports; outputs: Ports }): void {
  const { graph } = decodeBundleModel(file, bytes);
  for (const kind of ['inputs', 'outputs'] as const) {
    const found = graph[kind].map(({ name }) => name);
    const wanted = expected[kind].map(([name]) => name);
    if (found.join() !== wanted.join()) {
      const has = found.join(', ') || 'none';
      throw new BundleError(file, `must have the ${kind.slice(0, -1)} "${wanted.join('", "')}" alone, has: ${has}`);
    }
    for (const [i, [name, width]] of expected[kind].entries()) {
      const { shape } = graph[kind][i] as (typeof graph)[typeof kind][number];
      if (shape.length === 2 && shape[1] === width && typeof shape[0] !== 'number') continue;
      const found = `${kind.slice(0, -1)} "${name}" is [${shape.join(', ')}]`;
      throw new BundleError(file, `${found}, expected ["batch", ${width}] for this search space and its classes`);
    }
  }
}
