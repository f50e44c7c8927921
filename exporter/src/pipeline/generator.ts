import { join } from 'node:path';
import { InvalidRequestError } from '@easel/sdk/errors';
import { FeatureEncoder } from '@easel/sdk/generator';
import { type DeviceProfile, latencyTable, parseProfile } from '@easel/sdk/profile';
import { macsTable, parametersTable } from '@easel/sdk/space';
import { InterruptedError, RunError } from '../errors/index.js';
import {
  type Conditioning,
  defaultGeneratorOptions,
  type GeneratorEvent,
  type GeneratorTrainingOptions,
  type PredictorQuality,
  trainGenerator,
} from '../generator/index.js';
import { readJson, writeFileAtomically, writeJson } from './files.js';
import { type Provenance, provenanceOf } from './provenance.js';
import {
  generatorFile,
  generatorReportFile,
  logitsFile,
  openDataOfRun,
  openTrainedRun,
  predictorFile,
  profilesFolder,
} from './run-directory.js';

export interface GeneratorRequest {
  /** Of a finished training. */
  readonly directory: string;
  /** Files. Besides them, the generator learns budgets of MACs and parameters. */
  readonly profiles: readonly string[];
  readonly options?: Partial<GeneratorTrainingOptions>;
  /** Where the data is now, if it has moved since the training. */
  readonly data?: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly command: string;
  readonly onDecoded?: (done: number, total: number) => void;
  readonly onEvent?: (event: GeneratorEvent) => void;
}

/** `generator.json`: how the generator beside it was made, and what was learned about accuracy on the way. */
export interface GeneratorReport {
  readonly schemaVersion: 1;
  readonly provenance: Provenance;
  readonly options: GeneratorTrainingOptions;
  /** Names of the device profiles. */
  readonly profiles: readonly string[];
  readonly subnets: number;
  readonly images: number;
  readonly seconds: number;
  readonly conditioning: Conditioning;
  readonly predictor: PredictorQuality;
}

/**
 * Trains the generator and the accuracy predictor of a run and writes `generator.onnx`, `predictor.onnx`,
 * `generator.json` and the profiles into its directory, at the end. Measured logits are kept in `logits.bin` as they come:
 * called again with the same options after an interruption, it goes on from there.
 * @throws RunError, FileError, ProfileError (a profile of another search space), InterruptedError
 */
export async function trainGeneratorOfRun(request: GeneratorRequest): Promise<GeneratorReport> {
  const { directory, signal } = request;
  const run = await openTrainedRun(directory);
  const { space, tasks } = run.checkpoint.run;
  const profiles = await Promise.all(request.profiles.map(async (file) => parseProfile(await readJson(file), space)));
  assertDifferentNames(directory, profiles);
  const options = { ...defaultGeneratorOptions, ...request.options };
  const dataset = await openDataOfRun(run, {
    ...(request.data === undefined ? {} : { spec: request.data }),
    ...(request.onDecoded ? { onProgress: request.onDecoded } : {}),
  });
  const classes = dataset.classes.length;
  const encoder = new FeatureEncoder(space, classes);
  const tables = profiles.map((profile) => latencyTable(profile, space));
  const started = performance.now();
  const trained = await trainGenerator({
    space,
    dataset: { ...dataset, tasks },
    weights: run.checkpoint.weights,
    statistics: run.checkpoint.statistics,
    normalization: run.checkpoint.normalization,
    // A budget of MACs or parameters is a device like any other.
    devices: [...tables, macsTable(space, classes), parametersTable(space, classes)],
    featuresOf: ({ classes, latency, latencyMs }) => encoder.encode(classes, [{ table: latency, most: latencyMs }]),
    options,
    tableFile: logitsFile(directory),
    ...(request.threads ? { threads: request.threads } : {}),
    ...(signal ? { signal } : {}),
    ...(request.onEvent ? { onEvent: request.onEvent } : {}),
  }).catch((error) => {
    throw signal?.aborted ? new InterruptedError('training the generator') : error;
  });

  const report: GeneratorReport = {
    schemaVersion: 1,
    provenance: await provenanceOf(request.command),
    options,
    profiles: profiles.map(({ name }) => name),
    subnets: trained.table.architectures.length,
    images: trained.table.labels.length,
    seconds: Math.round((performance.now() - started) / 1000),
    conditioning: trained.conditioning,
    predictor: trained.predictorQuality,
  };
  for (const profile of profiles) await writeJson(join(profilesFolder(directory), `${profile.name}.json`), profile);
  await writeFileAtomically(generatorFile(directory), trained.model);
  await writeFileAtomically(predictorFile(directory), trained.predictor);
  await writeJson(generatorReportFile(directory), report);
  return report;
}

/**
 * Checks options from a file and from flags, the latter winning.
 * @throws InvalidRequestError naming the first field that is unknown or out of range
 */
export function generatorOptions(
  file: Readonly<Record<string, unknown>>,
  flags: Partial<GeneratorTrainingOptions> = {},
): Partial<GeneratorTrainingOptions> {
  const given: Record<string, unknown> = { ...file, ...flags };
  assertOptions('generator option', given, defaultGeneratorOptions);
  const { fit: ofFit } = given;
  if (ofFit !== undefined) {
    assertOptions('option of fit', ofFit as object, defaultGeneratorOptions.fit);
    given.fit = { ...defaultGeneratorOptions.fit, ...(ofFit as object) };
  }
  const { requests, subnets, fit } = { ...defaultGeneratorOptions, ...given } as GeneratorTrainingOptions;
  if (requests < fit.batch) throw new InvalidRequestError('requests', requests, `at least ${fit.batch}, one batch`);
  if (subnets < fewest) throw new InvalidRequestError('subnets', subnets, `at least ${fewest}`);
  return given;
}

/** Half of them check the others. */
const fewest = 8;

function assertOptions(kind: string, given: object, known: object): void {
  for (const [field, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, field)) {
      throw new InvalidRequestError(kind, field, `one of ${Object.keys(known).join(', ')}`);
    }
    const { expected, fits } = rules[field] ?? positiveInteger;
    if (!fits(value)) throw new InvalidRequestError(field, value, expected);
  }
}

interface Rule {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

const positiveInteger: Rule = {
  expected: 'a whole number above 0',
  fits: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

/** Of the options that are no counts. */
const rules: Readonly<Record<string, Rule>> = {
  seed: { expected: 'an integer', fits: Number.isSafeInteger },
  fit: {
    expected: `an object with any of ${Object.keys(defaultGeneratorOptions.fit).join(', ')}`,
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  },
  learningRate: { expected: 'a number above 0', fits: (value) => Number.isFinite(value) && (value as number) > 0 },
  weightDecay: { expected: 'a number, 0 or more', fits: (value) => Number.isFinite(value) && (value as number) >= 0 },
};

function assertDifferentNames(directory: string, profiles: readonly DeviceProfile[]): void {
  const names = profiles.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RunError(directory, `two profiles are named "${twice}"; rename one`);
}
