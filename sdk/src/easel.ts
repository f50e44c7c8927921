import { host } from '#host';
import { ArchitectureGenerator, type Scenario } from './architecture-generator.js';
import { type Bundle, type BundleSource, type LoadProgress, loadBundle } from './bundle/index.js';
import { Classifier, type Costs } from './classifier.js';
import { DisposedError, InvalidRequestError, listed, ProfileError } from './errors/index.js';
import { CostTables, type Limit, limitsOf } from './generator/index.js';
import { type DeviceProfile, parseProfile } from './profile/index.js';
import { type Request, requestedClasses, type SpecializeRequest } from './request.js';
import {
  type Architecture,
  architectureCost,
  assertInSpace,
  type Decision,
  decisionsOf,
  formatArchitecture,
  type SearchSpace,
} from './space/index.js';
import { assemble, imageInput } from './subnet/index.js';
import { tensor } from './tensor/index.js';

export interface LoadOptions {
  /**
   * Where subnets will run, for budgets and predictions of latency: the name of one of the bundle's profiles, the path
   * of a profile file (it ends in .json), or a profile. Without it, budgets can be of anything but latency.
   */
  readonly device?: string | DeviceProfile;
  /** Threads that one inference may use. Default: as many as the profile was measured with, or 1. */
  readonly threads?: number;
  /** After every file that was read and verified. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * A bundle, ready to be asked for subnets.
 *
 *     const easel = await Easel.load('./bundle', { device: 'raspberry-pi-5' });
 *     const classifier = await easel.specialize({ tasks: ['pets'], budget: { latencyMs: 2 } });
 *     const [best] = await classifier.classify('cat.jpg');
 */
export class Easel {
  readonly #bundle: Bundle;
  readonly #generator: ArchitectureGenerator;
  readonly #tables: CostTables;
  readonly #decisions: readonly Decision[];
  /** Threads of every classifier. */
  readonly threads: number;
  #disposed = false;

  private constructor(bundle: Bundle, generator: ArchitectureGenerator, tables: CostTables, threads: number) {
    this.#bundle = bundle;
    this.#generator = generator;
    this.#tables = tables;
    this.#decisions = decisionsOf(bundle.manifest.space);
    this.threads = threads;
  }

  /**
   * Reads and checks a whole bundle.
   *
   * @param bundle a directory, or any other source of files
   * @throws InvalidRequestError for an unknown option
   * @throws BundleError that names the file which is missing, truncated, altered or malformed
   * @throws ProfileError if the device is unknown, or was measured for another search space
   * @throws MissingDependencyError if ONNX Runtime is not installed
   */
  static async load(bundle: string | BundleSource, options: LoadOptions = {}): Promise<Easel> {
    assertLoadable(bundle, options);
    const threads = checkedThreads(options.threads);
    const source = typeof bundle === 'string' ? host.openBundle(bundle) : bundle;
    const loaded = await loadBundle(source, options.onProgress);
    const { space, classes } = loaded.manifest;
    const profile = options.device === undefined ? undefined : await findProfile(options.device, loaded);
    const tables = new CostTables(space, profile);
    const generator = await ArchitectureGenerator.open(loaded.generator, space, classes.length, host.runtime);
    return new Easel(loaded, generator, tables, threads ?? profile?.runtime.threads ?? 1);
  }

  get name(): string {
    return this.#bundle.manifest.name;
  }

  /** Every class that subnets can be asked to tell apart. */
  get classes(): readonly string[] {
    return this.#bundle.manifest.classes;
  }

  /** Named groups of classes. */
  get tasks(): Readonly<Record<string, readonly string[]>> {
    return this.#bundle.manifest.tasks;
  }

  get space(): SearchSpace {
    return this.#bundle.manifest.space;
  }

  /** Names of the profiles that came with the bundle. */
  get devices(): readonly string[] {
    return [...this.#bundle.profiles.keys()];
  }

  /** The profile in use. */
  get profile(): DeviceProfile | undefined {
    return this.#tables.profile;
  }

  /**
   * The architectures that the generator chooses, for many requests in one run of it.
   *
   * @throws UnknownTaskError, UnknownClassError, InvalidRequestError, InfeasibleBudgetError, DisposedError
   */
  async architectures(requests: readonly Request[]): Promise<Architecture[]> {
    this.#assertUsable();
    return this.#generator.architectures(requests.map((request) => this.#scenario(request)));
  }

  /**
   * Chooses, assembles, opens and warms up the subnet for a request.
   *
   * @throws UnknownTaskError, UnknownClassError that list what the bundle knows
   * @throws InvalidRequestError that names the field
   * @throws InfeasibleBudgetError that names the least a subnet needs
   * @throws DisposedError after `dispose`
   */
  async specialize(request: SpecializeRequest): Promise<Classifier> {
    this.#assertUsable();
    const { manifest, supernet } = this.#bundle;
    const { classes, limits } = this.#scenario(request);
    const architecture = request.architecture
      ? this.#checkedArchitecture(request.architecture, limits)
      : ((await this.#generator.architectures([{ classes, limits }]))[0] as Architecture);
    const model = assemble(supernet, architecture, classes);
    const session = await host.runtime.createSession(model, { threads: this.threads });
    try {
      const { resolution } = architecture;
      // The first run of a session allocates memory and is slower than all others.
      await session.run({ [imageInput]: tensor([1, 3, resolution, resolution]) });
    } catch (error) {
      await session.dispose();
      throw error;
    }
    return new Classifier({
      classes: classes.map((index) => manifest.classes[index] as string),
      architecture,
      predicted: { ...this.#costs(architecture, classes.length), modelBytes: model.length },
      model,
      session,
      preprocessing: manifest.preprocessing,
      sourceResolution: manifest.space.resolutions.at(-1) as number,
      host,
    });
  }

  /** Frees the generator. Classifiers made before stay usable; they have a `dispose` of their own. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#generator.dispose();
  }

  #scenario(request: SpecializeRequest): Scenario {
    const classes = requestedClasses(request, this.#bundle.manifest);
    const fixed = request.architecture !== undefined && request.budget === undefined;
    return {
      classes,
      limits: fixed ? [] : limitsOf(request.budget as Request['budget'], this.#tables, classes.length),
    };
  }

  #checkedArchitecture(architecture: Architecture, limits: readonly Limit[]): Architecture {
    assertInSpace(this.space, architecture);
    for (const { table, most } of limits) {
      const cost = architectureCost(table, this.#decisions, architecture);
      if (cost <= most) continue;
      const expected = `within the budget of ${most} ${table.metric}; it needs ${cost}`;
      throw new InvalidRequestError('architecture', formatArchitecture(architecture), expected);
    }
    return architecture;
  }

  #costs(architecture: Architecture, classCount: number): Omit<Costs, 'modelBytes'> {
    const cost = (metric: 'latencyMs' | 'macs' | 'parameters') =>
      architectureCost(this.#tables.get(metric, classCount), this.#decisions, architecture);
    const counted = { macs: cost('macs'), parameters: cost('parameters') };
    return this.profile ? { latencyMs: cost('latencyMs'), ...counted } : counted;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DisposedError('Easel');
  }
}

const loadOptions = ['device', 'threads', 'onProgress'];

/** @throws InvalidRequestError for what JavaScript would otherwise only notice later, or not at all */
function assertLoadable(bundle: unknown, options: LoadOptions): void {
  if (typeof bundle !== 'string' && typeof (bundle as Partial<BundleSource> | undefined)?.read !== 'function') {
    throw new InvalidRequestError('bundle', bundle, 'the path of a directory, or a source of files');
  }
  const stranger = Object.keys(options).find((field) => !loadOptions.includes(field));
  if (stranger !== undefined) throw new InvalidRequestError('load option', stranger, `one of ${listed(loadOptions)}`);
}

function checkedThreads(threads: number | undefined): number | undefined {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new InvalidRequestError('threads', threads, 'an integer of at least 1');
  }
  return threads;
}

async function findProfile(device: string | DeviceProfile, { manifest, profiles }: Bundle): Promise<DeviceProfile> {
  if (typeof device !== 'string') return parseProfile(device, manifest.space);
  const known = profiles.get(device);
  if (known) return known;
  if (device.endsWith('.json')) return parseProfile(await host.readProfile(device), manifest.space);
  const names = listed([...profiles.keys()]);
  throw new ProfileError(device, `is not in this bundle, which has: ${names}; or give the path of a .json file`);
}
