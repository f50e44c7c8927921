import type { Tensor } from '@easel/sdk/tensor';
import type { Program } from './lowering/lowering.js';

/** Computes programs. Whoever trains, evaluates or collects statistics knows no more of it than this. */
export interface Engine {
  /** What it is, for the log: `ONNX Runtime, nchwc16`. */
  readonly name: string;
  compile(program: Program): Promise<CompiledProgram>;
}

/** By name: at least a program's inputs; more are ignored, so that one map of weights serves all. */
export interface Feeds {
  get(name: string): Float32Array | undefined;
}

export type Results = Readonly<Record<string, Tensor>>;

export interface CompiledProgram {
  /** @throws Error that names an input which is missing or has the wrong size */
  run(feeds: Feeds): Promise<Results>;
  dispose(): Promise<void>;
}
