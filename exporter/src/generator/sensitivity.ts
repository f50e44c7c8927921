import type { Random } from '@easel/sdk/random';
import { type Architecture, chosenOptions, type Decision } from '@easel/sdk/space';
import type { Statistics, Weights } from '@easel/sdk/subnet';
import { type AugmentationOptions, type Normalization, type Split, toTensor } from '../data/index.js';
import { type CompiledProgram, type Engine, gradientName, ops } from '../engine/index.js';
import { buildGatedNetwork, gatesInput } from '../supernet/gated-network.js';
import { imageInput } from '../supernet/network.js';
import type { Scenario, ScenarioSource } from './scenarios.js';

/** What the frozen supernet says about one scenario's architecture: per option, how the loss would change. */
export interface Sensitivity {
  /** `[options]`: -d loss / d gate, centred per decision: what choosing the option instead would gain. */
  readonly gains: Float32Array;
  /** `[options]`: 1 where the gain is known, 0 for decisions that have no gradient here (blocks beyond their depth). */
  readonly known: Float32Array;
  /** Cross-entropy of the architecture on the scenario's classes. */
  readonly loss: number;
}

export interface SupernetFacts {
  readonly weights: Weights;
  readonly statistics: Statistics;
  readonly normalization: Normalization;
  readonly split: Split;
  readonly imageResolution: number;
  readonly augmentation: AugmentationOptions | undefined;
}

/** Runs images of several scenarios at once through the gated supernet at one resolution. */
export class SensitivityProbe {
  private constructor(
    readonly source: ScenarioSource,
    readonly supernet: SupernetFacts,
    readonly resolution: number,
    readonly scenarios: number,
    readonly imagesPerScenario: number,
    readonly executable: CompiledProgram,
    readonly constants: ReadonlyMap<string, Float32Array>,
    readonly byClass: readonly (readonly number[])[],
  ) {}

  static async create(
    source: ScenarioSource,
    supernet: SupernetFacts,
    size: { resolution: number; scenarios: number; imagesPerScenario: number },
    engine: Engine,
  ): Promise<SensitivityProbe> {
    const { resolution, scenarios, imagesPerScenario } = size;
    const batch = scenarios * imagesPerScenario;
    const { classes } = source;
    const network = buildGatedNetwork(source.space, resolution, supernet.weights, supernet.statistics, {
      batch,
      classes,
    });
    const { graph } = network;
    const inputs = [network.logits, graph.input('targets', [batch, classes]), graph.input('mask', [batch, classes])];
    const loss = graph.apply(ops.softCrossEntropy, inputs, {});
    const executable = await engine.compile({
      name: 'gated supernet',
      graph,
      outputs: { loss, logits: network.logits },
      loss,
      gradients: { [gatesInput]: network.gates },
    });
    const byClass = Array.from({ length: classes }, (): number[] => []);
    supernet.split.labels.forEach((label, image) => {
      byClass[label]?.push(image);
    });
    return new SensitivityProbe(
      source,
      supernet,
      resolution,
      scenarios,
      imagesPerScenario,
      executable,
      network.constants,
      byClass,
    );
  }

  /**
   * @param architectures one per scenario, at this probe's resolution
   * @param fallback per scenario, the options to assume for blocks beyond their depth: `[options]` utilities
   */
  async run(
    scenarios: readonly Scenario[],
    architectures: readonly Architecture[],
    fallback: readonly Float32Array[],
    random: Random,
  ): Promise<Sensitivity[]> {
    const { source, imagesPerScenario: n, supernet } = this;
    const { classes, decisions } = source;
    const batch = scenarios.length * n;
    const options = optionCountOf(decisions);
    const gates = new Float32Array(batch * options);
    const targets = new Float32Array(batch * classes);
    const mask = new Float32Array(batch * classes).fill(-1e4);
    const images = new Int32Array(batch);
    scenarios.forEach((scenario, s) => {
      const row = gateRow(decisions, architectures[s] as Architecture, fallback[s] as Float32Array);
      for (let i = s * n; i < (s + 1) * n; i++) {
        const label = random.pick(scenario.classes);
        images[i] = random.pick(this.byClass[label] as readonly number[]);
        gates.set(row, i * options);
        targets[i * classes + label] = 1;
        for (const c of scenario.classes) mask[i * classes + c] = 0;
      }
    });
    const pixels = new Uint8Array(batch * supernet.imageResolution ** 2 * 3);
    supernet.split.read(images, pixels);
    const augmentation = supernet.augmentation && { options: supernet.augmentation, random };
    const tensor = toTensor(
      pixels,
      batch,
      supernet.imageResolution,
      supernet.normalization,
      augmentation,
      this.resolution,
    );
    const feeds = new Map(this.constants);
    feeds.set(imageInput, tensor.data).set(gatesInput, gates).set('targets', targets).set('mask', mask);
    const results = await this.executable.run(feeds);
    const gradient = results[gradientName(gatesInput)]?.data as Float32Array;
    const logits = results.logits?.data as Float32Array;
    return scenarios.map((scenario, s) => {
      const gains = new Float32Array(options);
      let loss = 0;
      for (let i = s * n; i < (s + 1) * n; i++) {
        // The loss is a mean over the whole batch; a scenario's own mean is over its images alone.
        for (let o = 0; o < options; o++)
          gains[o] = (gains[o] as number) - (gradient[i * options + o] as number) * scenarios.length;
        loss += crossEntropy(logits, targets, i * classes, scenario.classes) / n;
      }
      const known = knownOptions(decisions, architectures[s] as Architecture);
      centre(decisions, gains);
      return { gains: gains.map((gain, o) => gain * (known[o] as number)), known, loss };
    });
  }

  async dispose(): Promise<void> {
    await this.executable.dispose();
  }
}

function optionCountOf(decisions: readonly Decision[]): number {
  const last = decisions.at(-1) as Decision;
  return last.offset + last.options.length;
}

/** One-hot gates of an architecture; blocks beyond their depth get their best option, so that depth has a gradient. */
export function gateRow(
  decisions: readonly Decision[],
  architecture: Architecture,
  utilities: Float32Array,
): Float32Array {
  const row = new Float32Array(optionCountOf(decisions));
  chosenOptions(decisions, architecture).forEach((chosen, d) => {
    const { offset, options } = decisions[d] as Decision;
    let option = chosen;
    if (option < 0) {
      const scores = utilities.subarray(offset, offset + options.length);
      option = scores.indexOf(Math.max(...scores));
    }
    row[offset + option] = 1;
  });
  return row;
}

function knownOptions(decisions: readonly Decision[], architecture: Architecture): Float32Array {
  const known = new Float32Array(optionCountOf(decisions));
  chosenOptions(decisions, architecture).forEach((chosen, d) => {
    const { kind, offset, options } = decisions[d] as Decision;
    if (kind !== 'resolution' && chosen >= 0 && options.length > 1) known.fill(1, offset, offset + options.length);
  });
  return known;
}

/** Only differences between a decision's options matter. */
export function centre(decisions: readonly Decision[], values: Float32Array): void {
  for (const { offset, options } of decisions) {
    let sum = 0;
    for (let o = 0; o < options.length; o++) sum += values[offset + o] as number;
    for (let o = 0; o < options.length; o++) {
      values[offset + o] = (values[offset + o] as number) - sum / options.length;
    }
  }
}

function crossEntropy(logits: Float32Array, targets: Float32Array, row: number, classes: readonly number[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const c of classes) highest = Math.max(highest, logits[row + c] as number);
  let sum = 0;
  let right = 0;
  for (const c of classes) {
    sum += Math.exp((logits[row + c] as number) - highest);
    if (targets[row + c] === 1) right = (logits[row + c] as number) - highest;
  }
  return Math.log(sum) - right;
}
