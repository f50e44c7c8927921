import { cpus } from 'node:os';
import { allowedCpus, pinnedThreads } from '@easel/sdk/node';
import { elementCount } from '@easel/sdk/tensor';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Device } from './choices.js';
import type { CompiledProgram, Engine, Feeds, Results } from './engine.js';
import { compile, type Lowering, type Program } from './lowering/lowering.js';

export interface ExecutableOptions {
  readonly lowering: Lowering;
  /** Default: one per core, and no more than this process has CPUs. */
  readonly threads?: number;
  /** Default `cpu`. On `webgpu`, operations without a kernel there run on the CPU. */
  readonly device?: Device;
  /** Failures are told by exceptions alone, not on standard error too. */
  readonly silent?: boolean;
}

/** ONNX Runtime as an engine. */
export function onnxEngine(options: ExecutableOptions, name = `ONNX Runtime, ${options.lowering.name}`): Engine {
  return { name, compile: (program) => Executable.compile(program, options) };
}

/** A program compiled into an ONNX Runtime session. */
export class Executable implements CompiledProgram {
  readonly #session: InferenceSession;
  readonly #inputs: ReadonlyMap<string, readonly number[]>;
  readonly #silent: boolean;

  private constructor(session: InferenceSession, inputs: ReadonlyMap<string, readonly number[]>, silent: boolean) {
    this.#session = session;
    this.#inputs = inputs;
    this.#silent = silent;
  }

  static async compile(program: Program, options: ExecutableOptions): Promise<Executable> {
    const { lowering, threads, device = 'cpu', silent = false } = options;
    const session = await InferenceSession.create(compile(program, lowering), {
      executionProviders: device === 'cpu' ? ['cpu'] : ['webgpu', 'cpu'],
      // Rewriting the graph takes longer than it saves: its nodes are already fused by the lowering.
      graphOptimizationLevel: 'disabled',
      executionMode: 'sequential',
      // Planning all memory as one block makes a live training session hold twice what it needs, and is no faster.
      enableMemPattern: false,
      // Warnings of the WebGPU provider tell which nodes stay on the CPU, at every compilation.
      logSeverityLevel: silent ? FATAL : device === 'cpu' ? WARNING : ERROR,
      ...threadOptions(threads),
    });
    const inputs = new Map([...program.graph.inputs].map(([name, { shape }]) => [name, shape]));
    return new Executable(session, inputs, silent);
  }

  async run(feeds: Feeds): Promise<Results> {
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, shape] of this.#inputs) {
      const data = feeds.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new Error(`input ${name} needs ${elementCount(shape)} numbers, got ${data?.length ?? 'none'}`);
      }
      inputs[name] = new OrtTensor('float32', data, shape);
    }
    const outputs = await this.#session.run(inputs, this.#silent ? { logSeverityLevel: FATAL } : {});
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

/** By itself ONNX Runtime pins its threads to all CPUs of the machine, those that a container or taskset withholds too. */
function threadOptions(wanted: number | undefined): InferenceSession.SessionOptions {
  const allowed = allowedCpus();
  const isRestricted = allowed !== undefined && allowed.length < cpus().length;
  const threads = wanted ?? (isRestricted ? allowed.length : undefined);
  return threads === undefined
    ? {}
    : { intraOpNumThreads: threads, extra: { session: pinnedThreads(threads, allowed) } };
}

// ONNX Runtime's severities.
const WARNING = 2;
const ERROR = 3;
const FATAL = 4;
