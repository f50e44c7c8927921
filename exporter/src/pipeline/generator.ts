import { join } from 'node:path';
import { InvalidRequestError } from '@easel/sdk/errors';
import { FeatureEncoder } from '@easel/sdk/generator';
import { type DeviceProfile, latencyTable, parseProfile } from '@easel/sdk/profile';
import { decisionsOf, macsTable, parametersTable } from '@easel/sdk/space';
import { openEngine } from '../engine/index.js';
import { InterruptedError, RunError } from '../errors/index.js';
import {
  type AdditiveAccuracy,
  defaultGeneratorOptions,
  fitAccuracy,
  type GeneratorEvent,
  type GeneratorTrainingOptions,
  trainGenerator,
} from '../generator/index.js';
import { readJson, writeFileAtomically, writeJson } from './files.js';
import { type Provenance, provenanceOf } from './provenance.js';
import { generatorFile, generatorReportFile, openDataOfRun, openTrainedRun, profilesFolder } from './run-directory.js';

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
  /** Squared error on held-out requests relative to answering all requests alike: 1 means nothing was learned. */
  readonly heldOutRatio: number;
  readonly accuracy: Readonly<Record<string, AdditiveAccuracy>>;
}

/**
 * Trains the generator of a run and writes `generator.onnx`, `generator.json` and the profiles into its directory, at
 * the end.
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
  const { engine } = await openEngine(request.threads ? { threads: request.threads } : {});
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
    engine,
    ...(signal ? { signal } : {}),
    ...(request.onEvent ? { onEvent: request.onEvent } : {}),
  }).catch((error) => {
    throw signal?.aborted ? new InterruptedError('training the generator') : error;
  });

  const decisions = decisionsOf(space);
  const accuracy = Object.fromEntries(
    Object.entries(tasks).map(([task, names]) => {
      const members = names.map((name) => dataset.classes.indexOf(name));
      return [task, fitAccuracy(decisions, trained.table, members)];
    }),
  );
  const report: GeneratorReport = {
    schemaVersion: 1,
    provenance: await provenanceOf(request.command),
    options,
    profiles: profiles.map(({ name }) => name),
    subnets: trained.table.architectures.length,
    heldOutRatio: trained.heldOutRatio,
    accuracy,
  };
  for (const profile of profiles) await writeJson(join(profilesFolder(directory), `${profile.name}.json`), profile);
  await writeFileAtomically(generatorFile(directory), trained.model);
  await writeJson(generatorReportFile(directory), report);
  return report;
}

/**
 * Checks options from a file and from flags, the latter winning.
 * @throws InvalidRequestError naming the first field that is unknown or out of range
 */
export function generatorOptions(
  file: unknown,
  flags: Partial<GeneratorTrainingOptions> = {},
): Partial<GeneratorTrainingOptions> {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) {
    throw new InvalidRequestError('generator options', file, 'a JSON object');
  }
  const given: Record<string, unknown> = { ...file, ...flags };
  for (const [field, value] of Object.entries(given)) {
    const known = defaultGeneratorOptions[field as keyof GeneratorTrainingOptions];
    if (known === undefined) {
      throw new InvalidRequestError(
        'generator option',
        field,
        `one of ${Object.keys(defaultGeneratorOptions).join(', ')}`,
      );
    }
    if (field === 'fit') given.fit = { ...defaultGeneratorOptions.fit, ...(value as object) };
    else if (field === 'seed' ? !Number.isSafeInteger(value) : !(typeof value === 'number' && value > 0)) {
      throw new InvalidRequestError(field, value, field === 'seed' ? 'an integer' : 'a number above 0');
    }
  }
  const { steps, scenarios, fit } = { ...defaultGeneratorOptions, ...given } as GeneratorTrainingOptions;
  const enough = Math.ceil(fit.batch / (1 - fit.heldOut) / scenarios);
  if (steps < enough) {
    throw new InvalidRequestError('steps', steps, `at least ${enough}, for one batch of ${fit.batch} to learn from`);
  }
  return given;
}

function assertDifferentNames(directory: string, profiles: readonly DeviceProfile[]): void {
  const names = profiles.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RunError(directory, `two profiles are named "${twice}"; rename one`);
}
