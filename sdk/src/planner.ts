import { host } from '#host';
import { AccuracyPredictor } from './accuracy-predictor.js';
import type { ArchitectureGenerator, Scenario } from './architecture-generator.js';
import type { BundleReader } from './bundle/index.js';
import type { Costs, Prediction } from './classifier.js';
import { DisposedError } from './errors/index.js';
import { type Budget, type CostTables, type Limit, limitsOf } from './generator/index.js';
import type { LatencyCorrection } from './profile/index.js';
import { remember } from './remember.js';
import { checkBudget, classesOf, type Request, type SpecializeRequest } from './request.js';
import {
  type Architecture,
  architectureCost,
  type CostTable,
  type Decision,
  decisionsOf,
  isInSpace,
} from './space/index.js';

/** Which architecture answers a request, and what it would cost and achieve: all that is known before a subnet is opened. */
export class Planner {
  #predictor: Promise<AccuracyPredictor | undefined> | undefined;
  readonly #choices = new Map<string, Architecture>();
  readonly decisions: readonly Decision[];
  #disposed = false;

  constructor(
    readonly reader: BundleReader,
    readonly generator: ArchitectureGenerator,
    readonly tables: CostTables,
  ) {
    this.decisions = decisionsOf(reader.manifest.space);
  }

  /** @throws UnknownTaskError, UnknownClassError, InvalidRequestError */
  async scenario(request: SpecializeRequest): Promise<Scenario> {
    const classes = await this.classes(request);
    const { architecture, budget } = request;
    if (architecture !== undefined && budget === undefined) return { classes, limits: [] };
    await checkBudget(budget);
    if ((budget as Budget).modelBytes !== undefined) {
      this.tables.modelBytes ??= (await import('./generator/model-bytes.js')).modelBytesTable;
    }
    return { classes, limits: limitsOf(budget as Budget, this.tables, classes.length) };
  }

  /** @throws UnknownTaskError, UnknownClassError, InvalidRequestError */
  async classes(request: Omit<Request, 'budget'>): Promise<readonly number[]> {
    const { manifest } = this.reader;
    return classesOf(request, manifest) ?? (await import('./checked.js')).refusedClasses(request, manifest);
  }

  /** For many requests in one run of the generator. */
  async architectures(requests: readonly Request[]): Promise<Architecture[]> {
    const scenarios = await Promise.all(requests.map((request) => this.scenario(request)));
    if (requests.every(({ budget }) => budget.accuracy === undefined)) return this.generator.architectures(scenarios);
    return Promise.all(scenarios.map((scenario, i) => this.choose(scenario, requests[i]?.budget.accuracy)));
  }

  /** The request's own architecture if it keeps the limits, otherwise the generator's choice. */
  async chosen(request: SpecializeRequest, scenario: Scenario): Promise<Architecture> {
    const { architecture, budget } = request;
    return architecture === undefined
      ? this.choose(scenario, budget.accuracy)
      : this.#checked(architecture, scenario.limits);
  }

  /** The generator is a function: the same scenario has the same answer. */
  async choose(scenario: Scenario, accuracy?: number): Promise<Architecture> {
    const limits = scenario.limits.map(({ table, most }) => `${table.metric}<=${most}`);
    const key = `${scenario.classes} ${limits} ${accuracy}`;
    const known = this.#choices.get(key);
    if (known) return known;
    const architecture =
      accuracy === undefined
        ? ((await this.generator.architectures([scenario]))[0] as Architecture)
        : await this.#cheapest(accuracy, scenario);
    remember(this.#choices, key, architecture);
    return architecture;
  }

  /** @throws SearchSpaceError, InvalidRequestError if it is not in the space, or above a limit */
  async #checked(architecture: Architecture, limits: readonly Limit[]): Promise<Architecture> {
    const { space } = this.reader.manifest;
    const cost = (table: CostTable) => architectureCost(table, this.decisions, architecture);
    const isAllowed = isInSpace(space, architecture) && limits.every(({ table, most }) => cost(table) <= most);
    return isAllowed
      ? architecture
      : (await import('./checked.js')).refusedArchitecture(architecture, space, limits, cost);
  }

  /** Whether the budget could be smaller, all of it. @param slowdown of the device, over its table */
  async note(limits: readonly Limit[], accuracy: number | undefined, slowdown = 1): Promise<string | undefined> {
    const largest = ({ table }: Limit) =>
      this.generator.range(table).largest * (table.metric === 'latencyMs' ? slowdown : 1);
    const isLoose = accuracy === undefined && limits.length > 0 && limits.every((limit) => limit.most > largest(limit));
    return isLoose ? (await import('./checked.js')).looseBudget(limits, largest) : undefined;
  }

  costs(
    architecture: Architecture,
    classCount: number,
    correction: LatencyCorrection | undefined,
  ): Omit<Costs, 'modelBytes'> {
    const cost = (metric: 'latencyMs' | 'macs' | 'parameters') =>
      architectureCost(this.tables.get(metric, classCount), this.decisions, architecture);
    const counted = { macs: cost('macs'), parameters: cost('parameters') };
    if (!this.tables.profile) return counted;
    if (!correction) return { latencyMs: cost('latencyMs'), ...counted };
    const { factor } = correction;
    return { latencyMs: factor * cost('latencyMs'), correction: factor, ...counted };
  }

  /** Nothing for each where the bundle has no predictor. */
  async accuracies(
    classes: readonly number[],
    architectures: readonly Architecture[],
  ): Promise<readonly Pick<Prediction, 'accuracy' | 'accuracyInterval'>[]> {
    const predictor = await this.predictor();
    if (!predictor || architectures.length === 0) return architectures.map(() => ({}));
    return (await predictor.predict(classes, architectures)).map(({ value, deviation }) => ({
      accuracy: value,
      accuracyInterval: [Math.max(0, value - 1.96 * deviation), Math.min(1, value + 1.96 * deviation)],
    }));
  }

  /** Read and opened when it is first needed, and again after a failure. */
  predictor(): Promise<AccuracyPredictor | undefined> {
    this.assertUsable();
    const { reader, decisions } = this;
    this.#predictor ??= reader
      .predictor()
      .then((model) => model && AccuracyPredictor.open(model, decisions, reader.manifest, host.runtime))
      .catch((error) => {
        this.#predictor = undefined;
        throw error;
      });
    return this.#predictor;
  }

  /** @throws DisposedError after `dispose` */
  assertUsable(): void {
    if (this.#disposed) throw new DisposedError('Easel');
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const predictor = await this.#predictor?.catch(() => undefined);
    await Promise.all([this.generator.dispose(), predictor?.dispose()]);
  }

  async #cheapest(accuracy: number, scenario: Scenario): Promise<Architecture> {
    const predictor = await this.predictor();
    const { cheapestReaching } = await import('./cheapest.js');
    return cheapestReaching(accuracy, scenario, this, predictor);
  }
}
