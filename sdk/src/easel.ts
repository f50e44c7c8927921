import { host } from '#host';
import type { AdaptiveClassifier, AdaptiveOptions, AdaptiveRequest } from './adaptive/index.js';
import { ArchitectureGenerator } from './architecture-generator.js';
import { BundleReader, type BundleSource } from './bundle/index.js';
import { Classifier, type Inference, type Prediction } from './classifier.js';
import { DisposedError } from './errors/index.js';
import { CostTables, costRange } from './generator/index.js';
import { assertLoadable, findProfile, type LoadOptions } from './load-options.js';
import {
  correctedLimits,
  correctionAttempts,
  infeasibleToday,
  measureDevice,
  medianRun,
  profileMismatches,
} from './on-this-device.js';
import { Planner } from './planner.js';
import { type DeviceProfile, LatencyCorrection } from './profile/index.js';
import type { Recalibrations } from './recalibrations.js';
import { type Request, requestedClasses, type SpecializeRequest } from './request.js';
import { type Execution, type Session, SessionPool } from './runtime/index.js';
import {
  type Architecture,
  architectureCost,
  assertInSpace,
  type Decision,
  decisionsOf,
  formatArchitecture,
  type SearchSpace,
} from './space/index.js';
import { assemble, imageInput, type Supernet } from './subnet/index.js';
import { tensor } from './tensor/index.js';

/** A session, and what its model weighs. */
interface OpenSubnet extends Session {
  readonly modelBytes: number;
}

/**
 * A bundle, ready to be asked for subnets.
 *
 *     const easel = await Easel.load('./bundle', { device: 'raspberry-pi-5' });
 *     const classifier = await easel.specialize({ tasks: ['pets'], budget: { latencyMs: 2 } });
 *     const [best] = await classifier.classify('cat.jpg');
 */
export class Easel {
  readonly #supernet: Supernet;
  readonly #planner: Planner;
  readonly #tables: CostTables;
  readonly #decisions: readonly Decision[];
  readonly #reader: BundleReader;
  #recalibrations: Recalibrations | undefined;
  readonly #subnets: SessionPool<OpenSubnet>;
  /** Names of the profiles that came with the bundle. */
  readonly devices: readonly string[];
  /** What every classifier runs on, and why on nothing better. */
  readonly execution: Execution;
  /** Why the profile may not hold here, such as another version of ONNX Runtime or a busy machine: sentences. */
  readonly warnings: readonly string[];
  /** Only where wanted. */
  readonly #correction: LatencyCorrection | undefined;
  #disposed = false;

  private constructor(
    reader: BundleReader,
    supernet: Supernet,
    generator: ArchitectureGenerator,
    tables: CostTables,
    execution: Execution,
    { idleSubnets, correct, warnings }: { idleSubnets: number; correct: boolean; warnings: readonly string[] },
  ) {
    this.#supernet = supernet;
    this.devices = reader.devices;
    this.#tables = tables;
    this.#decisions = decisionsOf(reader.manifest.space);
    this.#planner = new Planner(reader, generator, tables, this.#decisions);
    this.#reader = reader;
    this.#subnets = new SessionPool(idleSubnets);
    this.execution = execution;
    this.warnings = warnings;
    if (correct && tables.profile) this.#correction = new LatencyCorrection();
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
    assertLoadable(bundle, options);
    const { device, threads, provider, wasmUrl, idleSubnets = 3, cache, correct, onProgress, signal } = options;
    const isPlace = typeof bundle === 'string' || bundle instanceof URL;
    const reader = await BundleReader.open(isPlace ? host.openBundle(bundle, { cache }) : bundle, {
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
    signal?.throwIfAborted();
    const measured = auto
      ? await measureDevice(reader, loaded.supernet, execution, cache ?? true, signal)
      : { profile: given, warnings: [] };
    const { profile } = measured;
    const generator = await ArchitectureGenerator.open(loaded.generator, space, classes.length, host.runtime);
    return new Easel(reader, loaded.supernet, generator, new CostTables(space, profile), execution, {
      idleSubnets,
      correct: correct ?? false,
      warnings: [...measured.warnings, ...(profile ? await profileMismatches(profile, execution) : [])],
    });
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
    return this.#tables.profile;
  }

  /**
   * The architectures that the generator chooses, for many requests in one run of it.
   *
   * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, InfeasibleBudgetError, DisposedError,
   *   UnreachableAccuracyError
   */
  async architectures(requests: readonly Request[]): Promise<Architecture[]> {
    this.#assertUsable();
    return this.#planner.architectures(requests);
  }

  /**
   * Chooses, assembles, opens and warms up the subnet for a request.
   *
   * @throws UnknownTaskError, UnknownClassError that list what the bundle knows
   * @throws InvalidRequestError that names the field
   * @throws InfeasibleBudgetError that names the least a subnet needs, UnreachableAccuracyError the best there is
   * @throws DisposedError after `dispose`
   */
  async specialize(request: SpecializeRequest): Promise<Classifier> {
    return this.#specialize(request);
  }

  /**
   * A classifier that keeps the budget's latency on the day's device: it watches what inferences take, and changes to a
   * smaller or a larger subnet in the background. It starts as `specialize` does.
   *
   * @throws InvalidRequestError, for a budget without latency or an Easel loaded without a device profile too
   * @throws UnknownTaskError, UnknownClassError, InfeasibleBudgetError, DisposedError, as `specialize` does
   */
  async adaptive(request: AdaptiveRequest, options: AdaptiveOptions = {}): Promise<AdaptiveClassifier> {
    this.#assertUsable();
    const latency = () => this.#tables.get('latencyMs', this.classes.length);
    // Bundlers put it into a file of its own, which pages that do not adapt never load.
    const { AdaptiveClassifier } = await import('./adaptive/index.js');
    return AdaptiveClassifier.open(
      {
        architectures: (requests) => this.architectures(requests),
        predictLatency: (architecture) => architectureCost(latency(), this.#decisions, architecture),
        latencyRange: () => costRange(this.#decisions, latency()),
        open: (subject, architecture, onInference) => this.#specialize({ ...subject, architecture }, onInference),
      },
      request,
      options,
    );
  }

  async #specialize(request: SpecializeRequest, onInference?: (inference: Inference) => void): Promise<Classifier> {
    this.#assertUsable();
    const [manifest, supernet] = [this.#reader.manifest, this.#supernet];
    const { classes, limits } = this.#planner.scenario(request);
    // Before a session is held: reading it may fail.
    await this.#planner.predictor();
    // Who watches every inference corrects by itself.
    const correction = onInference ? undefined : this.#correction;
    const choose = async () => {
      const factor = correction?.factor ?? 1;
      const today = correctedLimits(limits, factor);
      if (request.architecture) return this.#planner.checked(request.architecture, limits);
      return this.#planner.choose({ classes, limits: today }, request.budget.accuracy).catch((error) => {
        throw infeasibleToday(error, factor);
      });
    };
    const { recalibrate = false } = request;
    const sourceOf = (chosen: Architecture) => (recalibrate ? this.#recalibrated(chosen) : supernet);
    const acquire = (chosen: Architecture) =>
      this.#subnets.acquire(`${formatArchitecture(chosen)} ${classes} ${recalibrate}`, async () => {
        return this.#openSubnet(assemble(await sourceOf(chosen), chosen, classes), chosen.resolution);
      });
    let architecture = await choose();
    let lease = await acquire(architecture);
    for (let attempt = 0; correction && attempt < correctionAttempts; attempt++) {
      try {
        const { latencyMs } = this.#planner.costs(architecture, classes.length, undefined);
        correction.observe(await medianRun(lease.value, architecture.resolution), latencyMs as number);
        const next = await choose();
        if (formatArchitecture(next) === formatArchitecture(architecture)) break;
        architecture = next;
      } catch (error) {
        await lease.release();
        throw error;
      }
      await lease.release();
      lease = await acquire(architecture);
    }
    try {
      const source = await sourceOf(architecture);
      return new Classifier({
        classes: classes.map((index) => manifest.classes[index] as string),
        architecture,
        predicted: {
          ...this.#planner.costs(architecture, classes.length, correction),
          modelBytes: lease.value.modelBytes,
          ...(await this.#planner.accuracies(classes, [architecture]))[0],
        },
        note: this.#planner.note(limits, request.budget?.accuracy),
        assemble: () => assemble(source, architecture, classes),
        lease,
        preprocessing: manifest.preprocessing,
        sourceResolution: manifest.space.resolutions.at(-1) as number,
        host,
        onInference,
      });
    } catch (error) {
      // Such as `dispose` meanwhile, which closes the predictor.
      await lease.release();
      throw error;
    }
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
    this.#assertUsable();
    const classes = requestedClasses(request, this.#reader.manifest);
    for (const architecture of architectures) assertInSpace(this.space, architecture);
    const accuracies = await this.#planner.accuracies(classes, architectures);
    return architectures.map((architecture, i) => ({
      ...this.#planner.costs(architecture, classes.length, this.#correction),
      ...accuracies[i],
    }));
  }

  /** Frees the generator and idle subnets. Classifiers made before stay usable; they have a `dispose` of their own. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.all([this.#planner.dispose(), this.#subnets.close()]);
  }

  async #recalibrated(architecture: Architecture): Promise<Supernet> {
    // Bundlers put it into a file of its own, which pages that do not recalibrate never load.
    const { Recalibrations } = await import('./recalibrations.js');
    this.#recalibrations ??= new Recalibrations(this.#reader, this.#supernet, this.execution);
    return this.#recalibrations.get(architecture);
  }

  async #openSubnet(model: Uint8Array, resolution: number): Promise<OpenSubnet> {
    const { threads, provider } = this.execution;
    const session = await host.runtime.createSession(model, { threads, provider });
    try {
      // The first run of a session allocates memory and is slower than all others.
      await session.run({ [imageInput]: tensor([1, 3, resolution, resolution]) });
    } catch (error) {
      await session.dispose();
      throw error;
    }
    return { run: (feeds) => session.run(feeds), dispose: () => session.dispose(), modelBytes: model.length };
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DisposedError('Easel');
  }
}
