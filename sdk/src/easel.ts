import { host } from '#host';
import type { AdaptiveClassifier, AdaptiveOptions, AdaptiveRequest } from './adaptive/index.js';
import { ArchitectureGenerator } from './architecture-generator.js';
import { BundleReader, type BundleSource } from './bundle/index.js';
import type { Classifier, Prediction } from './classifier.js';
import { CostTables } from './generator/index.js';
import { findProfile, isAddress, isLoadable, type LoadOptions } from './load-options.js';
import { Planner } from './planner.js';
import type { DeviceProfile } from './profile/index.js';
import { profileMismatches } from './profile-mismatches.js';
import type { Request, SpecializeRequest } from './request.js';
import type { Execution } from './runtime/index.js';
import { type Architecture, isInSpace, type SearchSpace } from './space/index.js';
import { Specializer } from './specializer.js';

/**
 * A bundle, ready to be asked for subnets.
 *
 *     const easel = await Easel.load('./bundle', { device: 'auto' });
 *     const classifier = await easel.specialize({ tasks: ['pets'], budget: { latencyMs: 2 } });
 *     const [best] = await classifier.classify('cat.jpg');
 */
export class Easel {
  readonly #reader: BundleReader;
  readonly #planner: Planner;
  readonly #specializer: Specializer;
  /** Names of the profiles that came with the bundle. */
  readonly devices: readonly string[];
  /** What every classifier runs on, and why on nothing better. */
  readonly execution: Execution;
  /** Why the profile may not hold here, such as another version of ONNX Runtime or a busy machine: sentences. */
  readonly warnings: readonly string[];

  private constructor(specializer: Specializer, warnings: readonly string[]) {
    this.#reader = specializer.reader;
    this.#planner = specializer.planner;
    this.#specializer = specializer;
    this.devices = this.#reader.devices;
    this.execution = specializer.execution;
    this.warnings = warnings;
  }

  /**
   * Reads and checks a bundle: its manifest, what subnets are made of, and the profile of the device.
   *
   * @param bundle a directory (in Node), a URL, or any other source of files
   * @throws InvalidRequestError for an unknown option
   * @throws BundleError that names the file which is missing, truncated, altered or malformed
   * @throws ProfileError if the device is unknown, or was measured for another search space
   * @throws MissingDependencyError if ONNX Runtime is not installed, RuntimeLoadError if it does not start
   * @throws the signal's reason once it is aborted
   */
  static async load(bundle: string | URL | BundleSource, options: LoadOptions = {}): Promise<Easel> {
    if (!isLoadable(bundle, options)) (await import('./checked.js')).refusedOptions(bundle, options);
    const { device, threads, provider, wasmUrl, idleSubnets = 3, cache, correct, onProgress, signal } = options;
    const reader = await BundleReader.open(isAddress(bundle) ? host.openBundle(bundle, { cache }) : bundle, {
      onProgress,
      signal,
    });
    const { space, classes } = reader.manifest;
    const auto = device === 'auto';
    reader.expect(auto ? reader.devices : typeof device === 'string' ? [device] : []);
    const given = device === undefined || auto ? undefined : await findProfile(device, reader, host);
    const wanted = threads ?? given?.runtime.threads;
    // ONNX Runtime compiles while the bundle downloads.
    const [execution, loaded] = await Promise.all([
      host.runtime.start({ provider, threads: wanted, wasmUrl }),
      reader.supernet(),
    ]);
    const measured = auto
      ? await (await import('./measure-device.js')).measureDevice(
          reader,
          loaded.supernet,
          execution,
          cache ?? true,
          signal,
        )
      : { profile: given, warnings: [] };
    const { profile } = measured;
    const tables = new CostTables(space, profile);
    const correction = correct ? new (await import('./corrected.js')).LatencyCorrection() : undefined;
    const mismatches = profile ? await profileMismatches(profile, execution) : [];
    // Last: whatever fails before it leaves no session open.
    const generator = await ArchitectureGenerator.open(loaded.generator, space, classes.length, host.runtime);
    if (signal?.aborted) await generator.dispose();
    signal?.throwIfAborted();
    const planner = new Planner(reader, generator, tables);
    return new Easel(new Specializer(reader, loaded.supernet, planner, execution, correction, idleSubnets), [
      ...measured.warnings,
      ...mismatches,
    ]);
  }

  /** Threads of every classifier. */
  get threads(): number {
    return this.execution.threads;
  }

  get name(): string {
    return this.#reader.manifest.name;
  }

  /** Every class that subnets can be asked to tell apart. */
  get classes(): readonly string[] {
    return this.#reader.manifest.classes;
  }

  /** Named groups of classes. */
  get tasks(): Readonly<Record<string, readonly string[]>> {
    return this.#reader.manifest.tasks;
  }

  get space(): SearchSpace {
    return this.#reader.manifest.space;
  }

  /** The profile in use. */
  get profile(): DeviceProfile | undefined {
    return this.#planner.tables.profile;
  }

  /**
   * The architectures that the generator chooses, for many requests in one run of it.
   *
   * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, InfeasibleBudgetError, DisposedError,
   *   UnreachableAccuracyError
   */
  async architectures(requests: readonly Request[]): Promise<Architecture[]> {
    this.#planner.assertUsable();
    return this.#planner.architectures(requests);
  }

  /**
   * Chooses, assembles and opens the subnet for a request.
   *
   * @throws UnknownTaskError, UnknownClassError that list what the bundle knows
   * @throws InvalidRequestError that names the field, SearchSpaceError if the request's own architecture is none of the space
   * @throws InfeasibleBudgetError that names the least a subnet needs, UnreachableAccuracyError the best there is
   * @throws DisposedError after `dispose`
   */
  async specialize(request: SpecializeRequest): Promise<Classifier> {
    this.#planner.assertUsable();
    return this.#specializer.specialize(request);
  }

  /**
   * A classifier that keeps the budget's latency on the day's device: it watches what inferences take, and changes to a
   * smaller or a larger subnet in the background. It starts as `specialize` does.
   *
   * @throws InvalidRequestError, for a budget without latency or an Easel loaded without a device profile too
   * @throws UnknownTaskError, UnknownClassError, InfeasibleBudgetError, DisposedError, as `specialize` does
   */
  async adaptive(request: AdaptiveRequest, options: AdaptiveOptions = {}): Promise<AdaptiveClassifier> {
    this.#planner.assertUsable();
    // Bundlers put it into a file of its own, which pages that do not adapt never load.
    const { openAdaptive } = await import('./open-adaptive.js');
    return openAdaptive(this.#specializer, request, options);
  }

  /**
   * What architectures would cost for a request's classes, and what accuracy they should reach, without opening them.
   *
   * @param request tasks and classes, without a budget
   * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, SearchSpaceError, DisposedError
   */
  async predict(
    request: Omit<Request, 'budget'>,
    architectures: readonly Architecture[],
  ): Promise<Omit<Prediction, 'modelBytes'>[]> {
    this.#planner.assertUsable();
    const classes = await this.#planner.classes(request);
    for (const each of architectures) {
      if (!isInSpace(this.space, each))
        (await import('./checked.js')).refusedArchitecture(each, this.space, [], () => 0);
    }
    const accuracies = await this.#planner.accuracies(classes, architectures);
    return architectures.map((architecture, i) => ({
      ...this.#planner.costs(architecture, classes.length, this.#specializer.correction),
      ...accuracies[i],
    }));
  }

  /** Frees the generator and idle subnets. Classifiers made before stay usable; they have a `dispose` of their own. */
  async dispose(): Promise<void> {
    await Promise.all([this.#planner.dispose(), this.#specializer.dispose()]);
  }
}
