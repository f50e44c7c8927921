import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { Tensor } from '@easel/sdk/tensor';
import { Executable, gradientName, type Lowering, ops } from '../engine/index.js';
import { buildNetwork, imageInput } from '../supernet/index.js';

export interface SubnetOptions {
  readonly space: SearchSpace;
  readonly classes: number;
  readonly batch: number;
  readonly norm: 'batch' | 'frozen';
  readonly lowering: Lowering;
  readonly threads?: number;
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
  /** `[batch, classes]`, rows that sum to one over the kept classes. */
  readonly targets: Float32Array;
  /** `[1, classes]` */
  readonly mask: Float32Array;
}

/** One architecture's training step, compiled: loss, logits and gradients of a batch. */
export class TrainableSubnet {
  private constructor(
    readonly architecture: Architecture,
    readonly parameters: readonly string[],
    readonly executable: Executable,
  ) {}

  static async compile(architecture: Architecture, options: SubnetOptions): Promise<TrainableSubnet> {
    const { space, classes, batch, norm, lowering, threads } = options;
    const { graph, logits, parameters } = buildNetwork(space, architecture, { batch, classes, norm });
    const targets = graph.input('targets', [batch, classes]);
    const mask = graph.input('mask', [1, classes]);
    const loss = graph.apply(ops.softCrossEntropy, [logits, targets, mask], {});
    const program = { name: 'step', graph, outputs: { loss, logits }, loss, gradients: parameters };
    const executable = await Executable.compile(program, { lowering, ...(threads ? { threads } : {}) });
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
