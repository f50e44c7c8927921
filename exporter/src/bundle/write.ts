import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type CalibrationImages,
  encodeStatistics,
  loadBundle,
  type Manifest,
  manifestFile,
  manifestVersion,
  type Preprocessing,
  sha256,
} from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import type { DeviceProfile } from '@easel/sdk/profile';
import type { Adapter, Supernet } from '@easel/sdk/subnet';
import { OutputExistsError } from '../errors/index.js';
import { entriesOf, removeAbandonedFolders, writeFolderAtomically } from '../files/index.js';
import { supernetModel } from './supernet-model.js';

/** All that a device gets. */
export interface BundleContents extends Supernet {
  readonly name: string;
  readonly classes: readonly string[];
  readonly tasks: Readonly<Record<string, readonly string[]>>;
  /** In units of 0..255, per RGB channel. */
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std'>;
  /** generator.onnx */
  readonly generator: Uint8Array;
  /** predictor.onnx, if there is one. */
  readonly predictor?: Uint8Array;
  readonly profiles: readonly DeviceProfile[];
  /** JSON values only. */
  readonly accuracy?: Readonly<Record<string, unknown>>;
  readonly provenance: Manifest['provenance'];
  /** Images that devices may recalibrate with. */
  readonly calibration?: CalibrationImages;
  /** By task. */
  readonly adapters?: ReadonlyMap<string, MeasuredAdapter>;
}

/** @see ListedAdapter */
export interface MeasuredAdapter extends Adapter {
  readonly gain: number;
}

export interface WriteBundleOptions {
  /** Replace a bundle that is there already. Anything else at this place is never replaced. Default: false. */
  readonly overwrite?: boolean;
}

/**
 * Writes a bundle: the whole of it or, whatever goes wrong, nothing. It is written beside its place, read back the way
 * a device does, and then moved. What a process that was killed while writing this bundle has left behind is removed.
 *
 * @throws OutputExistsError if something is there already
 * @throws WeightError, BundleError, ProfileError if the contents do not fit together
 */
export async function writeBundle(
  directory: string,
  contents: BundleContents,
  { overwrite = false }: WriteBundleOptions = {},
): Promise<Manifest> {
  const target = resolve(directory);
  await removeAbandonedFolders(target);
  await assertReplaceable(directory, overwrite);
  const files = bundleFiles(contents);
  const manifest = await manifestOf(contents, files);
  return writeFolderAtomically(target, async (temporary) => {
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(temporary, path)), { recursive: true });
      await writeFile(join(temporary, path), bytes);
    }
    await writeFile(join(temporary, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    return (await loadBundle(directorySource(temporary))).manifest;
  });
}

const supernetFile = 'supernet.onnx';
const statisticsFile = 'statistics.safetensors';
const generatorFile = 'generator.onnx';
const predictorFile = 'predictor.onnx';
const calibrationFile = 'calibration.rgb';
const adapterFile = (index: number) => `adapters/${index}.bin`;
const profileFile = ({ name }: DeviceProfile) => `profiles/${name}.json`;

function bundleFiles(contents: BundleContents): ReadonlyMap<string, Uint8Array> {
  return new Map<string, Uint8Array>([
    [supernetFile, supernetModel(contents, contents.classes.length)],
    [statisticsFile, encodeStatistics(contents.statistics)],
    [generatorFile, contents.generator],
    ...(contents.predictor ? [[predictorFile, contents.predictor] as [string, Uint8Array]] : []),
    ...(contents.calibration ? [[calibrationFile, contents.calibration.bytes] as [string, Uint8Array]] : []),
    ...[...(contents.adapters?.values() ?? [])].map(({ bytes }, i): [string, Uint8Array] => [adapterFile(i), bytes]),
    ...contents.profiles.map((profile): [string, Uint8Array] => [
      profileFile(profile),
      new TextEncoder().encode(`${JSON.stringify(profile, null, 2)}\n`),
    ]),
  ]);
}

async function manifestOf(contents: BundleContents, files: ReadonlyMap<string, Uint8Array>): Promise<Manifest> {
  const { name, space, classes, tasks, preprocessing, profiles, accuracy, provenance, calibration } = contents;
  const listed: Manifest['files'] = {};
  for (const [path, bytes] of files) {
    listed[path] = { bytes: bytes.length, sha256: await sha256(new Uint8Array(bytes)) };
  }
  return {
    schemaVersion: manifestVersion,
    name,
    created: new Date().toISOString(),
    space,
    classes: [...classes],
    tasks: Object.fromEntries(Object.entries(tasks).map(([task, members]) => [task, [...members]])),
    preprocessing: { mean: preprocessing.mean, std: preprocessing.std, resize: 'cover' },
    files: listed,
    supernet: supernetFile,
    statistics: statisticsFile,
    generator: generatorFile,
    ...(contents.predictor ? { predictor: predictorFile } : {}),
    profiles: profiles.map(profileFile),
    ...(contents.adapters?.size ? { adapters: listedAdapters(contents.adapters) } : {}),
    ...(calibration
      ? { calibration: { file: calibrationFile, images: calibration.images, resolution: calibration.resolution } }
      : {}),
    ...(accuracy ? { accuracy: { ...accuracy } } : {}),
    provenance,
  };
}

function listedAdapters(adapters: ReadonlyMap<string, MeasuredAdapter>): NonNullable<Manifest['adapters']> {
  return Object.fromEntries(
    [...adapters].map(([task, { rank, gain }], i) => [task, { file: adapterFile(i), rank, gain }]),
  );
}

/** An empty folder may be replaced, a bundle if asked for; nobody's other files are ever deleted. */
async function assertReplaceable(directory: string, overwrite: boolean): Promise<void> {
  const entries = await entriesOf(directory).catch((error) => {
    if (error.code !== 'ENOTDIR') throw error;
    throw new OutputExistsError(directory, 'is a file; choose another directory');
  });
  if (!entries || entries.length === 0) return;
  if (!entries.includes(manifestFile)) {
    throw new OutputExistsError(directory, 'holds other files than a bundle; choose another directory');
  }
  if (!overwrite) throw new OutputExistsError(directory, 'holds a bundle already; overwrite it or choose another one');
}
