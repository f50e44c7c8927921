import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { Tensor } from '@easel/sdk/tensor';
import { type CompiledProgram, type Engine, type Graph, gradientName, ops, type Value } from '../engine/index.js';
import { buildNetwork, imageInput } from '../supernet/index.js';
import type { TrainingOptions } from './options.js';
import type { Role } from './subnet-pool.js';

export interface SubnetOptions {
  readonly space: SearchSpace;
  readonly classes: number;
  readonly batch: number;
  readonly norm: 'batch' | 'frozen';
  /** Default: cross-entropy with the targets. */
  readonly loss?: SubnetLoss;
  readonly engine: Engine;
}

/** How a subnet's logits are compared with the targets. */
export type SubnetLoss =
  | { readonly kind: 'cross-entropy'; readonly temperature: number }
  | { readonly kind: 'alpha'; readonly clip: number };

/** What a subnet of this role learns by. */
export function lossOf({ distillation, divergence, temperature, ratioClip }: TrainingOptions, role: Role): SubnetLoss {
  if (role === 'teacher' || !distillation) return { kind: 'cross-entropy', temperature: 1 };
  return divergence === 'alpha' ? { kind: 'alpha', clip: ratioClip } : { kind: 'cross-entropy', temperature };
}

export interface StepResult {
  readonly loss: number;
  /** `[batch, classes]` */
  readonly logits: Float32Array;
  /** In the shapes of the subnet's sliced weights. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

export interface StepInputs {
  /** Weights and, when frozen, statistics. */
  readonly state: ReadonlyMap<string, Float32Array>;
  /** `[batch, 3, resolution, resolution]` */
  readonly images: Float32Array;
  /** `[batch, classes]`, rows that sum to one over the image's kept classes. */
  readonly targets: Float32Array;
  /** `[batch, classes]` */
  readonly mask: Float32Array;
}

/** One architecture's training step, compiled: loss, logits and gradients of a batch. */
export class TrainableSubnet {
  private constructor(
    readonly architecture: Architecture,
    readonly parameters: readonly string[],
    readonly executable: CompiledProgram,
  ) {}

  static async compile(architecture: Architecture, options: SubnetOptions): Promise<TrainableSubnet> {
    const { space, classes, batch, norm, engine } = options;
    const { graph, logits, parameters } = buildNetwork(space, architecture, { batch, classes, norm });
    const targets = graph.input('targets', [batch, classes]);
    const mask = graph.input('mask', [batch, classes]);
    const loss = emitLoss(graph, [logits, targets, mask], options.loss);
    const program = { name: 'step', graph, outputs: { loss, logits }, loss, gradients: parameters };
    const executable = await engine.compile(program);
    return new TrainableSubnet(architecture, Object.keys(parameters), executable);
  }

  async run({ state, images, targets, mask }: StepInputs): Promise<StepResult> {
    const own: Readonly<Record<string, Float32Array>> = { [imageInput]: images, targets, mask };
    const results = await this.executable.run({ get: (name) => own[name] ?? state.get(name) });
    return {
      loss: results.loss?.data[0] as number,
      logits: (results.logits as Tensor).data,
      gradients: new Map(this.parameters.map((name) => [name, results[gradientName(name)] as Tensor])),
    };
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}

function emitLoss(graph: Graph, inputs: readonly Value[], loss: SubnetLoss | undefined): Value {
  if (loss?.kind === 'alpha') return graph.apply(ops.alphaDivergence, inputs, { clip: loss.clip });
  const { temperature } = loss ?? { temperature: 1 };
  return graph.apply(ops.softCrossEntropy, inputs, temperature === 1 ? {} : { temperature });
}
