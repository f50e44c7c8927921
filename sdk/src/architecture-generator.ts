import { generatorInput, generatorOutput } from './bundle/index.js';
import { type CostRange, type Decoder, FeatureEncoder, type Limit, singleLimitDecoder } from './generator/index.js';
import type { Runtime, Session } from './runtime/index.js';
import { type Architecture, type CostTable, type Decision, decisionsOf, type SearchSpace } from './space/index.js';
import { type Tensor, tensor } from './tensor/index.js';

/** So many scenarios at a time are worth loading the general decoder, which takes a sixth of the time for each. */
const many = 10;

/** A request in numbers. */
export interface Scenario {
  /** Indices of classes. */
  readonly classes: readonly number[];
  readonly limits: readonly Limit[];
}

/** generator.onnx and what goes before and after it: scenarios to features, utilities to architectures. */
export class ArchitectureGenerator {
  readonly #session: Session;
  readonly #encoder: FeatureEncoder;
  readonly #decisions: readonly Decision[];
  readonly #decodeSingle: ReturnType<typeof singleLimitDecoder>;
  readonly #optionCount: number;
  #decoder: Decoder | undefined;

  private constructor(session: Session, encoder: FeatureEncoder, decisions: readonly Decision[]) {
    this.#session = session;
    this.#encoder = encoder;
    this.#decisions = decisions;
    this.#decodeSingle = singleLimitDecoder(decisions);
    const last = decisions.at(-1) as Decision;
    this.#optionCount = last.offset + last.options.length;
  }

  static async open(
    model: Uint8Array,
    space: SearchSpace,
    classCount: number,
    runtime: Runtime,
  ): Promise<ArchitectureGenerator> {
    const session = await runtime.createSession(model);
    return new ArchitectureGenerator(session, new FeatureEncoder(space, classCount), decisionsOf(space));
  }

  /**
   * One run of the generator for all scenarios, then one knapsack each.
   * @throws InfeasibleBudgetError for the first scenario whose limits no architecture keeps
   */
  async architectures(scenarios: readonly Scenario[]): Promise<Architecture[]> {
    if (scenarios.length === 0) return [];
    const width = this.#encoder.length;
    const features = new Float32Array(scenarios.length * width);
    scenarios.forEach(({ classes, limits }, i) => {
      this.#encoder.encode(classes, limits, features.subarray(i * width, (i + 1) * width));
    });
    const request = tensor([scenarios.length, width], features);
    const { [generatorOutput]: utilities } = await this.#session.run({ [generatorInput]: request });
    const { data } = utilities as Tensor;
    // The general one is the faster of the two, once it is there.
    const general = this.#decoder ?? (scenarios.length < many ? undefined : await this.#general());
    const architectures: Architecture[] = [];
    for (const [i, { limits }] of scenarios.entries()) {
      const row = data.subarray(i * this.#optionCount, (i + 1) * this.#optionCount);
      const [limit] = limits;
      const found = !general && limits.length === 1 ? this.#decodeSingle(row, limit as Limit) : undefined;
      architectures.push(found ?? (general ?? (await this.#general())).decode(row, limits));
    }
    return architectures;
  }

  /** @throws InfeasibleBudgetError if the others cannot be kept */
  async minimum(table: CostTable, others: readonly Limit[]): Promise<number> {
    return (await this.#general()).minimum(table, others);
  }

  range(table: CostTable): CostRange {
    return this.#encoder.range(table);
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }

  /** For several limits, many scenarios, and where a limit allows nothing: pages that need none of these never load it. */
  async #general(): Promise<Decoder> {
    const { Decoder } = await import('./generator/decode.js');
    this.#decoder ??= new Decoder(this.#decisions);
    return this.#decoder;
  }
}
