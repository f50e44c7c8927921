import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CalibrationImages, Manifest } from '@easel/sdk/bundle';
import { parseProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { type BundleContents, writeBundle } from '../bundle/index.js';
import type { Dataset } from '../data/index.js';
import { RunError } from '../errors/index.js';
import { accuracyTable } from './accuracy-table.js';
import { adaptersOf, adaptersProvenance } from './adapt.js';
import { namesIn, readJson } from './files.js';
import type { GeneratorReport } from './generator.js';
import { provenanceOf } from './provenance.js';
import {
  generatorFile,
  generatorReportFile,
  openDataOfRun,
  openTrainedRun,
  predictorFile,
  profilesFolder,
  type TrainedRun,
} from './run-directory.js';

export interface ExportRequest {
  /** A run with a trained supernet and a trained generator. */
  readonly directory: string;
  readonly out: string;
  readonly name: string;
  /** Replace a bundle that is there. */
  readonly overwrite?: boolean;
  /** Where the data is now, if it has moved since the training. */
  readonly data?: string;
  /** Whether accuracies on test images are measured for the manifest. Default true. */
  readonly measure?: boolean;
  /** So many training images go into the bundle, for devices that recalibrate. They are images of the data set. Default 0. */
  readonly calibrationImages?: number;
  /** Whether the run's adapters go into the bundle. Default true. */
  readonly adapters?: boolean;
  readonly command: string;
}

/**
 * Writes what devices need of a run: the whole bundle or, whatever goes wrong, nothing.
 * @throws RunError if something is not trained yet; OutputExistsError; BundleError
 */
export async function exportRun(request: ExportRequest): Promise<Manifest> {
  const { directory, out, name, overwrite, command, measure = true, calibrationImages = 0 } = request;
  const run = await openTrainedRun(directory);
  const { checkpoint } = run;
  const { space, classes, tasks, options } = checkpoint.run;
  const names = await namesIn(directory);
  for (const file of [generatorFile, predictorFile, generatorReportFile].map((of) => of(directory))) {
    if (!names.some((found) => file === join(directory, found))) {
      throw new RunError(directory, `has no generator yet; train one: easel generator --run ${directory}`);
    }
  }
  const report = (await readJson(generatorReportFile(directory))) as GeneratorReport;
  const profiles = await Promise.all(
    report.profiles.map(async (profile) =>
      parseProfile(await readJson(join(profilesFolder(directory), `${profile}.json`)), space),
    ),
  );
  const spec = request.data === undefined ? {} : { spec: request.data };
  const dataset = measure || calibrationImages > 0 ? await openDataOfRun(run, spec) : undefined;
  const adapters = request.adapters === false ? new Map() : await adaptersOf(run);
  const adapted = adapters.size > 0 ? await adaptersProvenance(directory) : undefined;
  const table = measure && dataset ? { table: await accuracyTable(run, dataset, adapters) } : {};
  const calibration =
    dataset && calibrationImages > 0 ? { calibration: calibrationOf(dataset, calibrationImages) } : {};
  const { mean, std } = checkpoint.normalization;
  const contents: BundleContents = {
    name,
    space,
    classes,
    tasks,
    weights: checkpoint.weights,
    statistics: checkpoint.statistics,
    preprocessing: { mean: [...mean] as [number, number, number], std: [...std] as [number, number, number] },
    generator: new Uint8Array(await readFile(generatorFile(directory))),
    profiles,
    predictor: new Uint8Array(await readFile(predictorFile(directory))),
    ...calibration,
    adapters,
    accuracy: { ...table, predictor: report.predictor, conditioning: report.conditioning },
    provenance: {
      ...(await provenanceOf(command)),
      seed: options.seed,
      training: trainingOf(run),
      ...(adapted ? { adapters: adapted } : {}),
    },
  };
  return writeBundle(out, contents, { overwrite: overwrite === true });
}

/** How the supernet came to be. Places of this machine stay out: what it started from is told by its checksum. */
function trainingOf({ record, checkpoint }: TrainedRun): NonNullable<Manifest['provenance']['training']> {
  const { init, command, commit, date } = record.provenance;
  return {
    command,
    date,
    ...(commit ? { commit } : {}),
    seed: checkpoint.run.options.seed,
    options: { ...checkpoint.run.options },
    steps: checkpoint.step,
    imagesSeen: checkpoint.imagesSeen,
    seconds: Math.round(checkpoint.seconds),
    ...(init ? { init: { kind: init.kind, sha256: init.sha256, command: init.provenance.command } } : {}),
  };
}

/** Training images drawn evenly from the split, in random order, as devices get them. */
function calibrationOf({ train, resolution }: Dataset, wanted: number): CalibrationImages {
  const images = Math.min(wanted, train.size);
  const order = new Random(0).shuffle(Int32Array.from({ length: train.size }, (_, index) => index));
  const bytes = new Uint8Array(images * resolution * resolution * 3);
  train.read(order.subarray(0, images), bytes);
  return { images, resolution, bytes };
}
