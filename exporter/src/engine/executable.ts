import { elementCount, type Tensor } from '@easel/sdk/tensor';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { compile, type Lowering, type Program } from './lowering/lowering.js';

export interface ExecutableOptions {
  readonly lowering: Lowering;
  readonly threads?: number;
}

export type Results = Readonly<Record<string, Tensor>>;

/** A program compiled into an ONNX Runtime session. */
export class Executable {
  readonly #session: InferenceSession;
  readonly #inputs: ReadonlyMap<string, readonly number[]>;

  private constructor(session: InferenceSession, inputs: ReadonlyMap<string, readonly number[]>) {
    this.#session = session;
    this.#inputs = inputs;
  }

  static async compile(program: Program, { lowering, threads }: ExecutableOptions): Promise<Executable> {
    const session = await InferenceSession.create(compile(program, lowering), {
      // Rewriting the graph takes longer than it saves: its nodes are already fused by the lowering.
      graphOptimizationLevel: 'disabled',
      executionMode: 'sequential',
      // Planning all memory as one block makes a live training session hold twice what it needs, and is no faster.
      enableMemPattern: false,
      ...(threads ? { intraOpNumThreads: threads } : {}),
    });
    return new Executable(session, new Map([...program.graph.inputs].map(([name, { shape }]) => [name, shape])));
  }

  /** @param feeds at least the program's inputs by name; more are ignored, so that one map of weights serves all */
  async run(feeds: { get(name: string): Float32Array | undefined }): Promise<Results> {
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, shape] of this.#inputs) {
      const data = feeds.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new Error(`input ${name} needs ${elementCount(shape)} numbers, got ${data?.length ?? 'none'}`);
      }
      inputs[name] = new OrtTensor('float32', data, shape);
    }
    const outputs = await this.#session.run(inputs);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [
        name,
        { shape: value.dims, data: value.data as Float32Array<ArrayBuffer> },
      ]),
    );
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
