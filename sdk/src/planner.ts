import { host } from '#host';
import { AccuracyPredictor } from './accuracy-predictor.js';
import type { ArchitectureGenerator, Scenario } from './architecture-generator.js';
import type { BundleReader } from './bundle/index.js';
import type { Costs, Prediction } from './classifier.js';
import { InvalidRequestError } from './errors/index.js';
import { type CostTables, type Limit, limitsOf } from './generator/index.js';
import type { LatencyCorrection } from './profile/index.js';
import { remember } from './remember.js';
import { type Request, requestedClasses, type SpecializeRequest } from './request.js';
import {
  type Architecture,
  architectureCost,
  assertInSpace,
  type Decision,
  decisionsOf,
  formatArchitecture,
} from './space/index.js';

/** Which architecture answers a request, and what it would cost and achieve: all that is known before a subnet is opened. */
export class Planner {
  #predictor: Promise<AccuracyPredictor | undefined> | undefined;
  readonly #choices = new Map<string, Architecture>();
  readonly decisions: readonly Decision[];

  constructor(
    readonly reader: BundleReader,
    readonly generator: ArchitectureGenerator,
    readonly tables: CostTables,
  ) {
    this.decisions = decisionsOf(reader.manifest.space);
  }

  scenario(request: SpecializeRequest): Scenario {
    const classes = requestedClasses(request, this.reader.manifest);
    const fixed = request.architecture !== undefined && request.budget === undefined;
    return {
      classes,
      limits: fixed ? [] : limitsOf(request.budget as Request['budget'], this.tables, classes.length),
    };
  }

  /** For many requests in one run of the generator. */
  async architectures(requests: readonly Request[]): Promise<Architecture[]> {
    const scenarios = requests.map((request) => this.scenario(request));
    if (requests.every(({ budget }) => budget.accuracy === undefined)) return this.generator.architectures(scenarios);
    return Promise.all(scenarios.map((scenario, i) => this.choose(scenario, requests[i]?.budget.accuracy)));
  }

  /** The request's own architecture if it keeps the limits, otherwise the generator's choice. */
  async chosen(request: SpecializeRequest, scenario: Scenario): Promise<Architecture> {
    const { architecture, budget } = request;
    return architecture ? this.checked(architecture, scenario.limits) : this.choose(scenario, budget.accuracy);
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

  /** @returns the architecture, if it is in the space and keeps the limits */
  checked(architecture: Architecture, limits: readonly Limit[]): Architecture {
    assertInSpace(this.reader.manifest.space, architecture);
    for (const { table, most } of limits) {
      const cost = architectureCost(table, this.decisions, architecture);
      if (cost <= most) continue;
      const expected = `within the budget of ${most} ${table.metric}; it needs ${cost}`;
      throw new InvalidRequestError('architecture', formatArchitecture(architecture), expected);
    }
    return architecture;
  }

  /** Whether the budget could be smaller, all of it. */
  note(limits: readonly Limit[], accuracy: number | undefined): string | undefined {
    const loose = limits.filter(({ table, most }) => most > this.generator.range(table).largest);
    if (accuracy !== undefined || limits.length === 0 || loose.length < limits.length) return undefined;
    const needed = loose.map(
      ({ table }) => `${table.metric} ${Number(this.generator.range(table).largest.toPrecision(4))}`,
    );
    return `the budget is larger than any subnet needs (${needed.join(', ')})`;
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
    const classes = this.reader.manifest.classes.length;
    this.#predictor ??= this.reader
      .predictor()
      .then((model) => model && AccuracyPredictor.open(model, this.decisions, classes, host.runtime))
      .catch((error) => {
        this.#predictor = undefined;
        throw error;
      });
    return this.#predictor;
  }

  async dispose(): Promise<void> {
    const predictor = await this.#predictor?.catch(() => undefined);
    await Promise.all([this.generator.dispose(), predictor?.dispose()]);
  }

  async #cheapest(accuracy: number, scenario: Scenario): Promise<Architecture> {
    const predictor = await this.predictor();
    if (!predictor) {
      throw new InvalidRequestError('budget', 'accuracy', 'of costs alone: this bundle has no accuracy predictor');
    }
    const table = this.tables.get(this.tables.profile ? 'latencyMs' : 'macs', scenario.classes.length);
    const { cheapestReaching } = await import('./cheapest.js');
    return cheapestReaching(accuracy, scenario, table, this.decisions, { generator: this.generator, predictor });
  }
}
